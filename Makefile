# Taking Turns: `make lab` opens the course, `make test` runs every test. Both make what they need first.
# Nothing else is needed than make and Python 3.11 or newer. Options go through ARGS:
#     make lab ARGS="--no-browser --port 8899"
#     make test ARGS="-m 'not slow' -x"
#
#     make lab PYTHON=/path/to/python3.13      chooses the Python the environment is made with

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTHON ?=

# A stamp file stands for a finished step; a step that was interrupted leaves none and is done again.
LEARNER := $(VENV)/.learner-ready
TESTER := $(VENV)/.tester-ready
BENCHER := $(VENV)/.bencher-ready

# What `make bench` runs: all of benchmarks/ but the two that only help the others.
BENCH ?= $(filter-out programs browser,$(basename $(notdir $(sort $(wildcard benchmarks/*.py)))))

# nbgrader brings menus for instructors (README says how to turn them on); a learner keeps only "Validate".
# The last one is JupyterLab's toast that offers news.
HIDDEN_IN_LAB := \
	@jupyter/nbgrader:menu \
	@jupyter/nbgrader:formgrader \
	@jupyter/nbgrader:create-assignment \
	@jupyter/nbgrader:course-list \
	@jupyter/nbgrader:assignment-list \
	@jupyterlab/apputils-extension:announcements
HIDDEN_IN_SERVER := \
	nbgrader.server_extensions.formgrader \
	nbgrader.server_extensions.assignment_list \
	nbgrader.server_extensions.course_list

# The notebooks are tried on each of these Pythons that is found, as python3.12 or in pyenv's folder.
PYTHONS := 3.11 3.12 3.13 3.13t 3.14 3.14t
KERNELS := $(PYTHONS:%=.kernels/%/.ready)

.PHONY: help lab test kernels class release tidy bench clean

help: ## show this list
	@sed -n 's/^\([a-z]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

# What JupyterLab starts finds this environment's commands first (nbgrader calls some by name).
# Jupyter asks root for a word of consent; in a container root is often the only user there is.
lab: $(LEARNER) ## open the course in JupyterLab (ARGS="--no-browser --port 8899")
	@if [ "$$(id -u)" = 0 ]; then root=--allow-root; else root=; fi; \
	PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	exec $(BIN)/jupyter lab $$root --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/00-start-here.ipynb $(ARGS)

test: $(TESTER) ## run every test, on all cores (ARGS="-m 'not slow'")
	@$(BIN)/python -m pytest -n auto $(ARGS)

kernels: $(KERNELS) ## let `make test` try the notebooks on every Python that there is

class: $(TESTER) ## grade a sample class, print who got what
	@$(BIN)/python -m taketurns.course.sample_class $(ARGS)

release: $(TESTER) ## make release/ from source/
	@$(BIN)/taketurns tidy
	@$(BIN)/taketurns release $(ARGS)

tidy: $(TESTER) ## bring every notebook into its canonical form
	@$(BIN)/taketurns tidy $(ARGS)

bench: $(BENCHER) ## measure speed, cost and soundness (BENCH=engine for one of benchmarks/)
	@failed=0; for name in $(BENCH); do \
		echo "-- $$name"; $(BIN)/python benchmarks/$$name.py $(ARGS) || failed=1; \
	done; $(BIN)/python benchmarks/engine.py --readme; exit $$failed

clean: ## remove the environment and everything else that can be made again
	rm -rf $(VENV) .kernels sample-class test-screenshots .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The environment. uv where it is at hand, for speed; where uv cannot reach what pip can, pip.
$(LEARNER): requirements.txt pyproject.toml
	@set -eu; \
	python=; found=; \
	for name in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3.14 python3 python); do \
		version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		found="$$found $$name is $$version;"; \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Taking Turns needs Python 3.11 or newer.$${found:+ Found:$$found}" >&2; \
		echo "Install one from https://www.python.org/downloads/ or by your system's packages," >&2; \
		echo "or name one: make $(firstword $(MAKECMDGOALS) lab) PYTHON=/path/to/python3.13" >&2; \
		exit 1; \
	fi; \
	have_uv=; if command -v uv >/dev/null 2>&1; then have_uv=yes; fi; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making the environment $(VENV) with $$python ($$version); this takes a minute, once."; \
		rm -rf $(VENV); \
		if [ "$$have_uv" ]; then \
			uv venv --quiet --seed --python "$$("$$python" -c 'import sys; print(sys.executable)')" $(VENV) || { rm -rf $(VENV); have_uv=; }; \
		fi; \
		if [ -z "$$have_uv" ] && ! "$$python" -m venv $(VENV); then \
			rm -rf $(VENV); \
			echo "$$python has no working venv module. On Debian and Ubuntu: apt install python3-venv" >&2; \
			exit 1; \
		fi; \
	else \
		echo "Bringing the environment $(VENV) up to date."; \
	fi; \
	if [ -z "$$have_uv" ] || ! uv pip install --quiet --python $(BIN)/python -r requirements.txt; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; \
	fi; \
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src >/dev/null 2>&1 || true; \
	$(BIN)/jupyter labextension disable --level=sys_prefix $(HIDDEN_IN_LAB) >/dev/null 2>&1; \
	for name in $(HIDDEN_IN_SERVER); do \
		$(BIN)/jupyter server extension disable --sys-prefix "$$name" >/dev/null 2>&1; \
	done; \
	touch $@

$(TESTER): $(LEARNER)
	@echo "Adding what the tests need."
	@$(call add,test)
	@touch $@

# Not everything to compare with is there for every Python: the benchmarks say what they leave out.
$(BENCHER): $(TESTER)
	@echo "Adding what the benchmarks compare with."
	@if $(call add,bench); then touch $@; else echo "Some of it is not to be had; going on without." >&2; fi

# $(call add,EXTRA): what this extra of the project asks for.
define add
{ { command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python -e '.[$(1)]'; } \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(1)]'; } \
&& { $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true; }
endef

# Another Python's environment. Where there is no such Python, it says so and leaves no stamp.
$(KERNELS): .kernels/%/.ready: pyproject.toml | $(TESTER)
	@set -eu; \
	version='import sys, sysconfig as s; print("%d.%d" % sys.version_info[:2] + "t" * (s.get_config_var("Py_GIL_DISABLED") or 0))'; \
	if [ "$$($(BIN)/python -c "$$version")" = "$*" ]; then \
		echo "Python $* is that of $(VENV)."; exit 0; \
	fi; \
	for python in python$* "$$HOME"/.pyenv/versions/*/bin/python ""; do \
		if [ "$$("$$python" -c "$$version" 2>/dev/null)" = "$*" ]; then break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Python $* is not on this machine: the notebooks are not tried on it."; exit 0; \
	fi; \
	python=$$("$$python" -c 'import sys; print(sys.executable)'); \
	echo "Making an environment of Python $* ($$python) in $(@D)."; \
	rm -rf $(@D); \
	have_uv=; if command -v uv >/dev/null 2>&1; then have_uv=yes; fi; \
	if [ -z "$$have_uv" ] || ! uv venv --quiet --seed --python "$$python" $(@D); then \
		have_uv=; \
		if ! "$$python" -m venv $(@D); then \
			rm -rf $(@D); \
			echo "Python $* has no working venv module: the notebooks are not tried on it."; exit 0; \
		fi; \
	fi; \
	install() { \
		if [ "$$have_uv" ] && uv pip install --quiet --python $(@D)/bin/python "$$@"; then return 0; fi; \
		$(@D)/bin/python -m pip install --quiet --disable-pip-version-check "$$@"; \
	}; \
	install -e '.[grading]' ipykernel; \
	install --only-binary xeus-python xeus-python \
		|| echo "Python $* has no xeus-python: there the notebooks are tried on ipykernel only."; \
	$(@D)/bin/python -m compileall -q -j 0 $(@D)/lib >/dev/null 2>&1 || true; \
	touch $@
