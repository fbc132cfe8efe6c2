"""What tests need from the machine; `.ci/run` installs it, so that nothing is skipped there."""

import os
import shutil
from pathlib import Path

import pytest


def needs(program: str, package: str) -> pytest.MarkDecorator:
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return pytest.mark.skipif(
        found is None, reason=f"{program} is not there; it is in Debian's package {package}"
    )


def needs_file(path: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not Path(path).exists(), reason=f"{path} is not there; it is in Debian's package {package}"
    )
