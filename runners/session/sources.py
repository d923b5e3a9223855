"""Which folders of apps that are not shipped a session measures: its digest of sources is of all that they hold."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from runners.measure.serve.command import file_of
from runners.model.subject import Subject


def sources_of(subjects: Sequence[Subject], folders: Sequence[Path]) -> tuple[Path, ...]:
    """Below these folders: those of the frameworks, of others that they are like, and of apps that commands name."""
    names = {name for one in subjects for name in ((one.target and one.target.like) or one.framework, one.like) if name}
    named = [folder / name for folder in folders for name in sorted(names)]
    started = sorted(set(_started(subjects, folders)))
    return tuple(one for one in dict.fromkeys((*named, *started)) if one.is_dir())


def _started(subjects: Iterable[Subject], folders: Sequence[Path]) -> Iterable[Path]:
    for word in {word for one in subjects for word in one.command}:
        for folder in folders:
            if (file := file_of(word, (folder,))) is not None:
                yield folder / file.relative_to(folder).parts[0]
