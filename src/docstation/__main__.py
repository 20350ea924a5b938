"""``python -m docstation`` is the command ``docstation``."""

import sys

from docstation.cli.main import main

# The lock of the station names its holder by this.
sys.argv[0] = "docstation"
sys.exit(main())
