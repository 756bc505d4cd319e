"""What the one who runs Labelwright may set, by environment variables; `labelwright settings` prints it.

Everything about the data belongs into the pipeline file; here stands what differs between machines. pydantic costs a third of a second
to import, so import this module inside the functions that need it.
"""

from __future__ import annotations

from functools import cache

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from labelwright.errors import InvalidInput

__all__ = ["Settings", "settings"]


class Settings(BaseSettings):
    """Each field is set by the environment variable of its name in capitals behind `LABELWRIGHT_`, such as `LABELWRIGHT_STORE`."""

    model_config = SettingsConfigDict(env_prefix="LABELWRIGHT_", frozen=True, extra="ignore")

    store: str = Field(
        default="",
        description="The database of all projects, `sqlite:///FILE` or `postgresql://user@host/name`; "
        "empty: what the pipeline file says, or `labelwright.db` in the folder.",
    )
    blobs: str = Field(default="", description="The folder for media; empty: what the pipeline file says, or `blobs` in the folder.")
    host: str = Field(default="127.0.0.1", description="The address that `labelwright serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port that `labelwright serve` listens on; 0 picks a free one.")
    allowed_hosts: str = Field(
        default="",
        description="Names, separated by commas, under which the page may be reached besides localhost and the address listened on.",
    )
    https: bool = Field(
        default=False,
        description="True where a proxy in front speaks HTTPS: cookies are then sent over HTTPS only, and browsers are told to come by "
        "HTTPS only. Not needed where a trusted proxy says so in `X-Forwarded-Proto`.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses and networks of proxies, separated by commas, that are believed what they say in `X-Forwarded-For` and "
        "`X-Forwarded-Proto`; by default none is.",
    )
    session_hours: float = Field(default=24 * 7, gt=0, description="How long a sign-in lasts.")
    max_body_bytes: int = Field(default=16_000_000, gt=0, description="The largest request body, except for streams of items.")
    body_seconds: float = Field(
        default=30.0,
        gt=0,
        description="How long a request's body may take, beside a second for each 10,000 bytes of it; a slower one is ended.",
    )
    max_pixels: int = Field(
        default=100_000_000,
        gt=0,
        description="The largest picture that is decoded, in pixels, which take about 4 bytes each, 8 where it has to be turned; "
        "a pipeline's `max_pixels` may only lower it. At most 100,000,000 are decoded at once in all: large pictures take turns.",
    )
    max_samples: int = Field(
        default=1_500_000_000,
        gt=0,
        description="The longest recording that is decoded, in samples times channels: by default a little more than four hours of stereo "
        "at 48 kHz. It costs time and not memory: recordings are decoded block by block.",
    )
    max_rows: int = Field(
        default=10_000_000,
        gt=0,
        description="The most rows that are read of one table: a Parquet file that has more is refused, of others the rest is not read.",
    )
    max_stream_bytes: int = Field(default=10_000_000_000, gt=0, description="The largest stream of items in one request.")


@cache
def settings() -> Settings:
    """Return the settings of this process, read once.

    Raises:
        InvalidInput: an environment variable says what its setting does not take; `where` names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors()[0]
        name = str(wrong["loc"][0])
        message = f"'{wrong['input']}' is not what this setting takes: {wrong['msg'].removeprefix('Input should be ')}."
        hint = f"Unset the variable, or set it: {Settings.model_fields[name].description}"
        raise InvalidInput(message, where=f"LABELWRIGHT_{name.upper()}", hint=hint) from error
