"""What people type, and what programs name, as the JSON API takes it."""

from typing import Annotated

from msgspec import Meta

from sparekey.domain.accounts import LONGEST_IDENTIFIER

END = r"$(?!\n)"
"""The end of the text, in Python too, where ``$`` alone lets a line break pass."""

PLAIN = rf"^[^\x00-\x1f\x7f]*{END}"
"""No control characters: no keyboard types them, and PostgreSQL cannot keep NUL."""

Typed = Annotated[str, Meta(max_length=LONGEST_IDENTIFIER, pattern=PLAIN, description="As the person typed it.")]
Password = Annotated[str, Meta(max_length=4096, description="Any characters; 1,024 after normalisation at most.")]
Code = Annotated[str, Meta(max_length=64, description="Spaces, dashes and full-width digits do not matter.")]
Name = Annotated[str, Meta(max_length=400, pattern=PLAIN)]
Language = Annotated[str, Meta(max_length=8, pattern=PLAIN)]
Id = Annotated[str, Meta(max_length=64, pattern=rf"^[0-9a-f]*{END}")]

Provider = Annotated[str, Meta(max_length=20, pattern=rf"^[a-z]*{END}", description="A name of `GET /api/v1/social`.")]
