"""Bring back the configuration that worked last, or the shipped one of dots.ocr; what `docstation models restore` does.

python restore_working_dots_ocr.py             what worked last, else what is shipped
python restore_working_dots_ocr.py --shipped   what is shipped, whatever worked last
"""

import sys

from model_switcher import hand_over

if __name__ == "__main__":
    hand_over()
    from docstation.cli.models.scripts import restore_working_dots_ocr

    sys.exit(restore_working_dots_ocr(sys.argv[1:]))
