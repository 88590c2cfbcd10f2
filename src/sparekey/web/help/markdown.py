"""Markdown of an article as HTML.

Only what a letter to a worried person needs is rendered: paragraphs, headings, lists, bold, and links to pages of this site. HTML in an
article is shown as it was typed.
"""

from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from typing_extensions import override


class _OfThisSite(MarkdownIt):
    @override
    def validateLink(self, url: str) -> bool:
        return is_of_this_site(url)


_renderer = _OfThisSite("zero", {"html": False}).enable(["heading", "list", "emphasis", "link"])


def to_html(text: str) -> str:
    """Safe to be shown as it is."""
    return str(_renderer.render(text))


def is_of_this_site(link: str) -> bool:
    """Whether a link of an article leads to a page of ours. No article leads anywhere else."""
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc and link.startswith("/") and not link.startswith(("//", "/\\"))
