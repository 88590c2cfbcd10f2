"""What values are made of: ``class Address(Struct, frozen=True)``, compared by what it holds and never changed.

msgspec's ``Struct`` does what ``dataclass(frozen=True, slots=True)`` does, ten times faster (docs/decisions/0023-values.md).
"""

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:  # under this name mypy holds what is replaced against the types of the fields
    from dataclasses import replace
else:
    from msgspec.structs import replace

__all__ = ["Struct", "field", "replace"]
