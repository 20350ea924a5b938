"""``python -m docstation`` is the command ``docstation``."""

import sys

from docstation.cli.main import main

sys.exit(main())
