"""Sessions on disk: one folder each, written so that an interruption loses nothing that was measured.

    session.json    plan, machine, versions, calibration; replaced as a whole, never half written
    trials.jsonl    one line for each trial as it ends, synced; a line may also void one attempt at a block
    trials.jsonl.xz the same, as a published session has it: a sixth of the size
    .lock           while a process measures or draws the session: which, and since when
    logs/           what servers and k6 printed last
    question.txt    what a published session was to answer, if that was said
    the rest        derived; `shootout report` builds it again

Format versions:

    1   latencies as quantiles; memory and threads of every trial
    2   latencies as histograms; lines for a server's memory and threads in a round, and for blocks that count although
        they were disturbed
    3   arms: blocks and trials name subject, workload and load; settings belong to the subject; lines say their kind

All are read (see runners.store.versions); what is written is of the newest.
"""

from runners.store.folder import (
    LATEST,
    PUBLISHED,
    SESSION_FILE,
    append,
    create,
    find,
    names,
    read,
    reopen,
    scratch,
    write_derived,
    write_session,
)
from runners.store.lines import PACKED_TRIALS_FILE, TRIALS_FILE, Line, assembled, finished_blocks
from runners.store.lock import refuse_if_written, writing
from runners.store.publish import QUESTION_FILE, publish, published, question, replace_between

__all__ = [
    "LATEST",
    "PACKED_TRIALS_FILE",
    "PUBLISHED",
    "QUESTION_FILE",
    "SESSION_FILE",
    "TRIALS_FILE",
    "Line",
    "append",
    "assembled",
    "create",
    "find",
    "finished_blocks",
    "names",
    "publish",
    "published",
    "question",
    "read",
    "refuse_if_written",
    "reopen",
    "replace_between",
    "scratch",
    "write_derived",
    "write_session",
    "writing",
]
