# Two commands: `make book` runs everything on the simulated cohort and builds the book; `make test` tests everything.
# Each line calls a real tool; nothing here knows how a stage works. What may hold spaces or quotes is quoted for the shell.

PYTHON ?= python3
CORES ?= 2
RUN ?= demo
SHOWN ?= shown
SCANS_RUN ?= scans
PRESET ?= presets/$(RUN).yaml
MANIFEST ?=
ATLAS ?=
REAL_SCAN ?=
MIXED ?=
SHARDS ?=

BIN := .venv/bin
READY := .venv/.ready
# $(call q,text) is the text as one word of a shell; $(call given,name,TEXT) is name=TEXT where TEXT is not empty.
q = '$(subst ','\'',$(1))'
given = $(if $(2),$(call q,$(1)=$(2)))
# Killed runs leave Snakemake's own lock behind; each stage takes a lock that dies with its process instead.
# Snakemake wants a folder for its cache; where the home folder cannot be written it gets one here.
CACHE = $(if $(shell test -w "$$HOME" && echo yes),,XDG_CACHE_HOME=$(call q,$(CURDIR)/.snakemake/cache))
SNAKEMAKE = PATH=$(call q,$(CURDIR)/$(BIN)):"$$PATH" $(CACHE) $(BIN)/python -m drasclr_core.workflow.warm $(BIN)/python -m snakemake --cores $(CORES) --nolock --rerun-incomplete --rerun-triggers mtime params --quiet rules host reason

# Without compiled modules every stage of a run compiles what it imports, 8 to 13 seconds each: keep them, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: book read publish scans course test gpu bench lint env clean

book: $(READY)  ## run the preset (demo) and build its book; REAL_SCAN=file shows a real scan beside the phantoms
	$(SNAKEMAKE) --config $(call given,run,$(RUN)) $(call given,preset,$(PRESET)) $(call given,real_scan,$(REAL_SCAN)) $(call given,shards,$(SHARDS))
	@echo The book: $(call q,runs/$(RUN)/book/html/index.html)

read: $(READY)  ## build the book from the committed results, computing nothing
	@echo The book of the run $(call q,$(SHOWN)) from the files of the project: about a minute
	$(BIN)/python -m drasclr_core.workflow.book --run $(call q,$(SHOWN))

publish: $(READY)  ## the same into _site/, if all pages of the run are of one commit (MIXED=yes: whatever they are of)
	$(BIN)/python -m drasclr_core.workflow.book --run $(call q,$(SHOWN)) --publish $(if $(MIXED),--mixed)
	rm -rf _site && cp -R $(call q,runs/$(SHOWN)/book/html) _site && touch _site/.nojekyll

scans: $(READY)  ## your own scans: MANIFEST=folder-or-csv [ATLAS=lung-mask] [SCANS_RUN=name]
	@test -n $(call q,$(MANIFEST)) || { echo "Say which scans: make scans MANIFEST=folder-or-csv [ATLAS=lung-mask]"; exit 2; }
	$(SNAKEMAKE) --config $(call given,run,$(SCANS_RUN)) preset=presets/scans.yaml $(call given,manifest,$(MANIFEST)) $(call given,atlas_mask,$(ATLAS)) $(call given,shards,$(SHARDS))
	@echo The book: $(call q,runs/$(SCANS_RUN)/book/html/index.html)

course: $(READY)  ## write course/: student notebooks without solutions, slides, handout, data, and the answers for teachers
	$(BIN)/python -m drasclr_core.workflow.course

test: $(READY)  ## every test, with the smoke run of all notebooks and its book
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder --durations=25

gpu: $(READY)  ## measure on a GPU, in a quarter of an hour: parity, speed, a pretraining at 1 mm
	$(BIN)/python benchmarks/gpu.py

bench: $(READY)  ## measure speed (two hours, after make book), and write the tables of the page "How fast it is" but those that compare two runs
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/augment_and_load.py
	$(BIN)/python benchmarks/dense.py --run $(call q,$(RUN))
	$(BIN)/python benchmarks/lungs.py
	$(BIN)/python benchmarks/store.py
	$(BIN)/python benchmarks/scale.py
	-$(BIN)/python benchmarks/registration.py
	DRASCLR_PARITY_TABLE=book/_data/benchmark_parity.csv $(BIN)/python -m pytest tests/methods/test_parity.py

lint: $(READY)  ## before every commit, half a minute: form of the code, of rooms, docstrings and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q -n $(CORES) tests/test_rooms.py tests/evaluate/test_docstrings.py tests/notebooks/test_form.py tests/notebooks/test_words.py tests/workflow/test_notebook_links.py tests/test_environment.py

env: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; say which with make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up the environment in .venv (about 3 GB; 2 to 5 minutes)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

clean:  ## remove the environment and every run but the committed ones
	rm -rf .venv .snakemake
	find runs -mindepth 1 -maxdepth 1 ! -name shown ! -name ablations ! -name density ! -name joint -exec rm -rf {} +
