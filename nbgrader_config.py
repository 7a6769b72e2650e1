# The course for nbgrader: its commands, its Formgrader and `taketurns` all read this file.
# Run them from this folder. Each setting stands with its reason; the rest is nbgrader's default.
#
# Nothing here is about nbgrader's exchange. Students download from, and hand in to, wherever you
# like (a learning platform, a shared folder); what they hand in goes into the folder
# submitted/STUDENT/ASSIGNMENT/.

import os
import warnings

import zmq

c = get_config()  # noqa: F821 - nbgrader defines it

# The name under which the gradebook keeps this course.
c.CourseDirectory.course_id = "taking-turns"

# What editors and graders leave behind is never handed on. Everything else that lies beside a
# master is, which is why `taketurns release` refuses such files. And what `taketurns grade` notes
# beside a graded notebook does not go out with its feedback.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    ".DS_Store",
    "Thumbs.db",
    ".nbgrader.log",
    ".taketurns.json",
]

# What stands where the solution was. It must raise, so that an exercise nobody has touched scores 0
# instead of passing by luck, and it must say what to do.
c.ClearSolutions.code_stub = {
    "python": (
        "# YOUR CODE HERE (and delete the next line)\n"
        'raise NotImplementedError("this part is still to be written")'
    )
}

# Answers are graded by the Python that nbgrader itself runs on, whatever kernel the student used.
c.Execute.kernel_name = "python3"

# Seconds for one cell. Our checks count steps, not time, and end by themselves; this is for a cell
# that blocks for real, and it is generous because a busy machine must not cost points.
c.Execute.timeout = 60

# A cell that has used up its time is interrupted, and the exercises after it are still graded.
c.Execute.interrupt_on_timeout = True

# A kernel that has run the last cell is ended at once. Asking it to leave and waiting takes as long
# as everything before, for every submission.
c.Execute.shutdown_kernel = "immediate"

# Grader and kernel talk over TCP on this machine, encrypted: nobody else can listen, and there
# is no warning about that for every submission. (Local sockets, transport = "ipc", would need none
# of this, but jupyter_client names them relative to the current folder, and a kernel's is another.)
if zmq.has("curve"):
    c.KernelManager.transport_encryption = "auto"

# Without the "# ", `nbgrader autograde` forks its kernels from one that is ready, each in a
# sandbox, where there are Linux's user namespaces. The package must be installed for that
# (`pip install -e .`).
# os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "taketurns"

# Anything on stderr in a graded cell costs all its points. The debugger's remark about frozen
# modules is not the student's doing; kernels inherit this setting, which silences it.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

# Students read the feedback pages, so no hidden test is quoted in them, and they load nothing from
# the network: they are those that `taketurns grade` writes. `autograded/` and Formgrader show
# graders everything.
c.GenerateFeedback.exporter_class = "taketurns.grading.feedback.FeedbackPage"

# nbgrader 0.9 declares its tables in a way that SQLAlchemy 2.1 remarks on at every run. The remarks
# are about nbgrader's code; in an instructor's terminal they only hide what matters.
warnings.filterwarnings("ignore", category=Warning, module=r"nbgrader\..*")
