"""Where an IP address is, from the operator's MMDB file (GeoLite2, DB-IP and others share the form). No file, no place."""

from ipaddress import ip_address
from pathlib import Path

import maxminddb

from sparekey.domain.errors import BadSettings


class MmdbPlaces:
    """City and country in English, such as "Riga, Latvia". ``reader``: of the operator's file; without one no place is known."""

    def __init__(self, reader: maxminddb.Reader | None = None) -> None:
        self._reader = reader

    def place_of(self, network: str) -> str:
        """An empty string for what is no address, is not in the file, or where the file is damaged: a place is never worth an error."""
        try:
            found = self._reader.get(ip_address(network)) if self._reader else None
        except (ValueError, maxminddb.InvalidDatabaseError):
            return ""
        return ", ".join(name for name in (_name(found, "city"), _name(found, "country")) if name)


def open_places(path: str) -> MmdbPlaces:
    """The places of a file; of none when ``path`` is empty. Raises ``BadSettings`` when the file cannot be read."""
    if not path:
        return MmdbPlaces()
    try:
        return MmdbPlaces(maxminddb.open_database(Path(path), maxminddb.MODE_AUTO))
    except (OSError, maxminddb.InvalidDatabaseError) as e:
        raise BadSettings(f"SPAREKEY_PLACE_FILE cannot be read as an MMDB file: {e}") from e


def _name(found: object, level: str) -> str:
    part = found.get(level) if isinstance(found, dict) else None
    names = part.get("names") if isinstance(part, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return name if isinstance(name, str) else ""
