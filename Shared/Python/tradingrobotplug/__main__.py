"""`python3 -m tradingrobotplug FILE.py`: what the platform starts for a Python plugin."""

import sys

from .host import main

sys.exit(main(sys.argv[1:]))
