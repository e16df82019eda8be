"""Run in the student's checkout: writes result.json, exits with 0 when that could be done."""

import os
import subprocess
import sys

sys.exit(subprocess.run([
    "dmalab", "grade", "@LAB@", "driver.lua", "--student", os.environ.get("USERNAME", ""),
    "--format", "classroom50", "--output", "result.json", "--exit-zero",
]).returncode)
