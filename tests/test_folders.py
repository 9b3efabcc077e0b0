"""Walks through folders as people keep files in them."""

from drasclr_core.folders import walk


def test_walking_leaves_out_what_is_hidden_and_follows_links_once(tmp_path):
    for name in ("a/b/c.txt", "a/.d/e.txt", "a/._f.txt", "g.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "h").symlink_to(tmp_path / "a" / "b")
    found = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path)]
    assert found == ["a", "g.txt", "h", "a/b", "a/up", "a/b/c.txt"]
    assert [path.name for path in walk(tmp_path, 0)] == ["a", "g.txt", "h"]
    everything = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path, hidden=True) if path.is_file()]
    assert everything == ["g.txt", "a/._f.txt", "a/.d/e.txt", "a/b/c.txt"]
