"""What the environment and secret files override outside ``[[series]]``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from announcer.settings.schema import (
    TABLES,
    Delivery,
    Fetch,
    LedgerTable,
    Limits,
    Operator,
    Service,
    Smtp,
)

PREFIX: Final = "ANNOUNCER_"
SECRETS: Final = Path("/run/secrets")
_OWN_VARIABLES: Final = frozenset(
    {"ANNOUNCER_CONFIG", "ANNOUNCER_SECRETS_DIR", "ANNOUNCER_STATE_DIR"}
)


class Outside(BaseSettings):
    """What stands outside ``[[series]]``, and the environment may override."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # a variable is text, and never JSON
    )

    smtp: Smtp
    ledger: LedgerTable = LedgerTable()
    limits: Limits = Limits()
    delivery: Delivery = Delivery()
    service: Service = Service()
    fetch: Fetch = Fetch()
    operator: Operator = Operator()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the variables and the settings, and nothing else."""
        # The variables come with the call, so that nothing but what was handed in counts.
        variables = getattr(init_settings, "init_kwargs", {}).pop("_variables", {})
        return _Variables(settings_cls, variables), init_settings


class _Variables(EnvSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(settings_cls, env_prefix=PREFIX, env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._variables.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The values from secret files and the environment, which wins, and what is odd about them."""

    values: dict[str, str]
    warnings: tuple[str, ...]
    mistakes: tuple[str, ...]


def overrides(environ: Mapping[str, str], *, secrets: bool) -> Overrides:
    """Read what the environment and secret files override."""
    known = {f"{PREFIX}{name}".upper(): f"{PREFIX}{name}".lower() for name in _values()}
    folder = Path(environ.get("ANNOUNCER_SECRETS_DIR") or SECRETS)
    values, mistakes = {}, []
    for name, file in known.items():
        if name.endswith("SMTP__PASSWORD") and not secrets:
            continue
        try:
            if (folder / file).is_file():
                text = (folder / file).read_text(encoding="utf-8")
                values[name] = text.removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"the secret file {folder / file} cannot be read: {error}")
    ours = {name: value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    given = {name: value for name, value in ours.items() if name.upper() in known}
    values |= {name.upper(): value for name, value in given.items() if _is_text(value)}
    mistakes += [
        f"the environment variable {name} is not text in UTF-8"
        for name, value in given.items()
        if not _is_text(value)
    ]
    strange = sorted(name for name in ours if name.upper() not in {*known, *_OWN_VARIABLES})
    return Overrides(
        values=values,
        warnings=tuple(_strange(name, known) for name in strange),
        mistakes=tuple(mistakes),
    )


def _values() -> Iterator[str]:
    """Name each value that stands outside ``[[series]]``: its tables, and its key."""
    for table, model in TABLES.items():
        for field in model.model_fields:
            if (table, field) == ("operator", "smtp"):  # a table in a table
                yield from (f"{table}__{field}__{inner}" for inner in Smtp.model_fields)
            else:
                yield f"{table}__{field}"


def _is_text(value: str) -> bool:
    """Whether the bytes of a variable were UTF-8; Python keeps others as halves of pairs."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _strange(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.upper(), list(known), n=1)
    hint = f"; did you mean {near[0]}?" if near else "; it is ignored"
    return f"the environment variable {name} is no setting of announcer{hint}"


def outside_line(
    line: str, path: Path, environ: Mapping[str, str], values: Mapping[str, str]
) -> str:
    """Name where a mistake stands: in a variable, a secret file, or the settings."""
    place, _, words = line.partition(": ")
    name = f"{PREFIX}{place.replace('.', '__')}".upper()
    if name not in values:
        return f"{path.name}: {line}"
    if name in {variable.upper() for variable in environ}:
        return f"the environment variable {name}: {words}"
    return f"the secret file {name.lower()}: {words}"
