# The same commands for people and for CI. `make run` needs Python 3.11 or newer and nothing else.

PYTHON ?= python3
BIN := .venv/bin
LOCALE := src/sparekey/messages/locale
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard $(LOCALE)/*/LC_MESSAGES/sparekey.po))
# Named, lest another active environment be taken.
UV_INSTALL := $(BIN)/uv pip install --python $(BIN)/python --quiet
# One more than cores: a third of the time a test waits, for a disk, a browser or another process.
PYTEST := $(BIN)/pytest -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist worksteal

# Where this is set, nothing is kept compiled and every start takes two seconds longer.
export PYTHONDONTWRITEBYTECODE :=
# Cache and checkout may lie on different disks, which cannot be linked.
export UV_LINK_MODE := copy

.DEFAULT_GOAL := run
.PHONY: run install test check format-check lint types imports dead-code texts-check browser bench timing soak docs texts lock clean

run: install ## start the server on port 8400 (SPAREKEY_PORT), data in ./var (SPAREKEY_DATA)
	@exec $(BIN)/sparekey serve

install: $(BIN)/.installed $(BIN)/.native $(CATALOGUES)

test: install $(BIN)/.dev ## everything but the soak tests
	@.ci/system-packages initdb=postgresql chromium-headless-shell=chromium-headless-shell
	$(PYTEST)

check: ## format, lint, types, imports, dead code, texts; side by side
	@$(MAKE) --no-print-directory -j2 -k -O format-check lint types imports dead-code texts-check

format-check: $(BIN)/.dev
	@$(BIN)/ruff format --check --quiet || { echo "ruff format: run $(BIN)/ruff format"; exit 1; }
lint: $(BIN)/.dev
	@$(BIN)/ruff check --quiet
types: $(BIN)/.dev
	@$(BIN)/mypy --no-error-summary
imports: $(BIN)/.dev
	@$(BIN)/lint-imports --no-logo
# Fields are read by templates and as JSON, which vulture does not see; unused local variables are ruff's business.
dead-code: $(BIN)/.dev
	@$(BIN)/vulture | { ! grep -v ": unused variable '"; }
texts-check: $(BIN)/.dev
	@$(BIN)/pytest -q tests/test_texts.py

browser: install $(BIN)/.dev ## only the tests that drive a browser
	@.ci/system-packages initdb=postgresql chromium-headless-shell=chromium-headless-shell
	$(PYTEST) -m browser
soak: install $(BIN)/.dev ## the tests that take many minutes
	@.ci/system-packages initdb=postgresql
	$(PYTEST) -m soak
bench: install $(BIN)/.dev ## speed, beside the bare stack and the peers
	@.ci/system-packages initdb=postgresql wrk=wrk
	$(BIN)/python -m bench.run
timing: install $(BIN)/.dev ## can a clock tell known from unknown? 20,000 pairs, one figure (AUC)
	$(BIN)/python -m bench.timing
docs: $(BIN)/.dev ## do the documents say what the code does?
	$(BIN)/pytest -q tests/test_architecture.py tests/test_complete.py

texts: $(BIN)/.dev ## bring the catalogues up to the words in the code; then translate what is empty or fuzzy
	@$(BIN)/pybabel -q extract --mapping-file babel.cfg --add-comments Translators: --no-location --sort-output \
	  --project Sparekey --version 1 --copyright-holder "the Sparekey authors" \
	  --output-file $(LOCALE)/sparekey.pot src/sparekey
	@for language in ru zh; do \
	  po=$(LOCALE)/$$language/LC_MESSAGES/sparekey.po; mkdir -p $$(dirname $$po); \
	  test -f $$po || $(BIN)/pybabel -q init -D sparekey -l $$language -i $(LOCALE)/sparekey.pot -o $$po; \
	  $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -D sparekey -l $$language \
	    -i $(LOCALE)/sparekey.pot -o $$po; \
	done

lock: $(BIN)/.dev ## newest versions that fit pyproject.toml, with hashes
	@for out in "pyproject.toml -o requirements.txt" "--group build -o requirements-build.txt" "--group native -o requirements-native.txt" "pyproject.toml --group dev -o requirements-dev.txt"; do \
	  $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-header --universal --python-version 3.11 $$out; \
	done

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What was installed is remembered by a stamp: as long as its list of packages is older, a start costs nothing.
$(BIN)/.build: requirements-build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "sparekey needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || .ci/system-packages no-venv=python3-venv
	@echo "installing into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
$(BIN)/.installed: requirements.txt pyproject.toml $(BIN)/.build
	@$(UV_INSTALL) --require-hashes --compile-bytecode -r $<
	@$(UV_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@
# Built anew, for another machine may have filled the cache, and by clang where there is one: it makes an eighth more hashes than gcc.
# Where nothing works, libsodium hashes the passwords (docs/decisions/0005-argon2.md).
$(BIN)/.native: requirements-native.txt $(BIN)/.installed
	@if command -v cc > /dev/null && $(BIN)/python -c 'import pathlib, sysconfig as s; pathlib.Path(s.get_path("include"), "Python.h").stat()' 2> /dev/null; then \
	  CC=$$(command -v clang || command -v cc) CFLAGS="-O3 -march=native" $(UV_INSTALL) --no-cache --require-hashes --no-binary argon2-cffi-bindings --no-build-isolation-package argon2-cffi-bindings -r $< \
	    || echo "Argon2 was not compiled for this processor: libsodium is used instead"; \
	fi
	@touch $@
$(BIN)/.dev: requirements-dev.txt $(BIN)/.installed
	@$(UV_INSTALL) --require-hashes --compile-bytecode -r $<
	@touch $@
%.mo: %.po $(BIN)/.build
	@$(BIN)/pybabel -q compile --input-file $< --output-file $@
