import json
import subprocess

with open("driver.lua", "w", encoding="utf-8") as driver:
    driver.write("""{{ STUDENT_ANSWER | e('py') }}""")
try:
    print(subprocess.run([
        "dmalab", "grade", "@LAB@", "driver.lua", "--student", """{{ STUDENT.username | e('py') }}""",
        "--seconds", "20", "--format", "coderunner", "--exit-zero",
    ], capture_output=True, text=True, check=True).stdout, end="")
except (OSError, subprocess.CalledProcessError) as error:
    print(json.dumps({"fraction": 0, "prologuehtml": "<p>The grader did not work; please tell your "
                      "teacher.</p>", "instructorhtml": "<p>dmalab: " + str(error.args[0]) + "</p>"}))
