"""`python -m labelwright` is the command `labelwright`."""

import sys

from labelwright.cli import main

sys.exit(main())
