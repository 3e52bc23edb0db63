# One short word per task; each does its own set-up. CI runs what you run.
PY := .venv/bin/python
STAMP := .venv/.ready
# One more than the cores of a small machine: half of what a test takes is waiting.
WORKERS ?= 3

.PHONY: setup demo run test slow check conformance corpus hostile faults bench portraits lock clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@test -x $(PY) || python3 -m venv .venv
	@echo "Installing the locked requirements into .venv ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup        ## the sample wire and the web channel: no network, no token
	@.venv/bin/newsbell demo

run: setup         ## real feeds, config/settings.toml
	@.venv/bin/newsbell run

check: setup       ## the quick part: format, lint, types, layers
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

test: check        ## everything
	@.venv/bin/pytest -n $(WORKERS) --maxschedchunk 4 $(ARGS)

slow: setup        ## the tests that take long for what they find
	@.venv/bin/pytest -n $(WORKERS) --slow -m slow $(ARGS)

conformance: setup ## the poller's manners: a line for each check, and the sum
	@$(PY) -m tests.conformance

corpus: setup      ## what must hold for every feed, on the saved ones in NEWSBELL_FEED_CORPUS
	@$(PY) -m tests.corpus

hostile: setup     ## hostile bodies, broken wires, forbidden addresses: what crashes, stalls, grows, waits or is lost
	@$(PY) -m tests.hostile

faults: setup      ## the promises, tried: kills, storms, failing disks (FAULTS=nightly for longer, ONLY="D1 T2" for some)
	@$(PY) -m tests.faults $(ONLY)

bench: setup       ## every figure of the README, quick form with QUICK=1
	@for script in benchmarks/*.py; do $(PY) $$script $(if $(QUICK),--quick) || exit 1; done

COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml

portraits: setup   ## the pictures of README: what Discord and Slack would draw of what they are sent (needs Chromium)
	@$(PY) -m scripts.portraits

lock: setup        ## write requirements/ again from pyproject.toml (needs uv): to run, with every extra, and to develop
	$(COMPILE) -o requirements/run.txt
	$(COMPILE) --all-extras -o requirements/full.txt
	$(COMPILE) --all-extras --group dev -o requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
