# `make demo` shows the main job; `make test` runs all tests. Both install what they need first.
# `make torture` harms a pass at every call, and cuts the power everywhere, and
# composes a million hostile facts, and doubles every hostile text for every reader: most of
# an hour. `make snapshots` writes tests/snapshots anew.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN = .venv/bin
# Tests start the program hundreds of times: it must not be compiled anew each time.
export PYTHONDONTWRITEBYTECODE =
READY = .venv/.ready

.PHONY: demo test torture snapshots lint types lock

demo: $(READY)
	$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal --durations 10

torture: $(READY)
	TORTURE=1 $(BIN)/python -m pytest tests/real/test_crash.py tests/real/test_disk.py tests/real/test_power.py tests/test_hostile.py tests/test_settings_fuzz.py tests/source/test_linear.py tests/replay/test_replay.py

snapshots: $(READY)
	SNAPSHOTS=renew $(BIN)/python -m pytest -q tests/test_snapshots.py

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "announcer needs Python 3.11 or newer with venv (Debian: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The locks name no host; run it where uv is installed.
LOCK = uv pip compile --quiet --universal --all-extras --generate-hashes --no-header \
	--no-emit-index-url --no-annotate pyproject.toml
lock:
	$(LOCK) --group dev -o requirements.lock
	$(LOCK) --group image -c requirements.lock -o requirements-image.lock
