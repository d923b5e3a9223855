"""What is measured: one folder for each framework, and the work they all do.

Folders of apps from elsewhere are searched after this one, so that `apps.workloads` is always the one here.
"""

import os

__path__ += [folder for folder in os.environ.get("SHOOTOUT_APPS", "").split(os.pathsep) if folder]
