import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[1] / "bench" / "pages.py"
PAGE = {
    "id": "own",
    "kind": "md-headings",
    "page": "pages/own.md",
    "as_of": "2026-04-03T10:00:00+02:00",
    "hints": {"timezone": "Europe/Berlin", "day_first": True, "year": None},
    "defaults": {"start": "15:00", "end": "16:30"},
}


def test_the_scorer_of_the_folder_is_asked_about_each_page_with_and_without_hints(
    tmp_path: Path,
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "own.md").write_text("### 3. A 7/4/2026\n")
    (tmp_path / "index.json").write_text(json.dumps({"pages": [PAGE]}))
    (tmp_path / "score.py").write_text("import sys\nprint(open(sys.argv[1]).read())\n")
    done = subprocess.run(
        [sys.executable, str(BENCH), str(tmp_path)], capture_output=True, text=True, check=True
    )
    predictions = [line for line in done.stdout.splitlines() if line.startswith("{")]
    hinted, _, plain, _ = map(json.loads, predictions)
    assert [(t["date"], t["start"], t["end"]) for t in hinted["own"]] == [
        ("2026-04-07", "15:00", "16:30")
    ]
    assert [(t["start"], t["unclear"]) for t in plain["own"]] == [(None, True)]
    assert "1 unclear or refused" in done.stdout
