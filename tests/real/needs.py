"""What tests need from the machine; `.ci/run` installs it, so that nothing is skipped there."""

import os
import shutil

import pytest


def needs(program: str, package: str) -> pytest.MarkDecorator:
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return pytest.mark.skipif(
        found is None, reason=f"{program} is not there; it is in Debian's package {package}"
    )
