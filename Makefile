# What a new user, a developer and CI run. `make help` tells.

VENV := .venv
BIN := $(VENV)/bin
UPSTREAM ?=
# pytest-xdist: processes that run tests side by side.
JOBS ?= 2
PYTEST_ARGS ?=
# Which benchmarks, by their files in bench/, and what they are told: make bench BENCH=hit BENCH_ARGS=--quick
BENCH ?= hit miss l2 stampede avalanche drift stream memory workers batch degrade overload penetration purge litellm locust conformance
BENCH_ARGS ?=
# What an image installs, with hashes; where it is missing, audit and sbom look at what is installed.
LOCK ?= requirements.lock
SBOM ?= sbom.cdx.json
AUDIT ?= .venv-supply/bin/pip-audit

.DEFAULT_GOAL := help
# uv pip compile: --upgrade for newer releases of everything.
LOCK_ARGS ?=

.PHONY: help run test test-clients test-deploy test-image check docs audit sbom bench lock redis chromium bench-programs
.PHONY: deploy-programs

help: ## Tell what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: $(VENV)/.run ## Run the demo, or with UPSTREAM=http://host:port the gateway in front of that service
ifeq ($(strip $(UPSTREAM)),)
	@exec $(BIN)/ragfront demo
else
	@exec $(BIN)/ragfront serve --upstream '$(UPSTREAM)'
endif

test: $(VENV)/.dev redis chromium ## Run all tests; installs redis-server and chromium where they are missing and that can be done
	$(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

test-clients: $(VENV)/.dev .venv-clients/.stamp ## Real servers and clients through the gateway; installs them into .venv-clients
	$(BIN)/python -m pytest tests/clients $(PYTEST_ARGS)

test-deploy: $(VENV)/.dev deploy-programs ## The package installed anew, Prometheus, nginx, systemd: real programs
	PATH="$(CURDIR)/.deploy/usr/bin:$$PATH:/usr/sbin" $(BIN)/python -m pytest tests/deploy $(PYTEST_ARGS)

test-image: $(VENV)/.dev .deploy/debian/.stamp ## Each stage of the Dockerfile in a clean Debian root, without an engine; as root, on Debian
	PATH="$$PATH:/usr/sbin" $(BIN)/python -m pytest tests/deploy/test_image.py --image .deploy/debian $(PYTEST_ARGS)

# Python's slim image is Debian with a Python in /usr/local.
.deploy/debian/.stamp:
	@command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] || \
	  { apt-get -qq update && apt-get -qq install -y --no-install-recommends debootstrap; }
	rm -rf .deploy/debian && mkdir -p .deploy
	PATH="$$PATH:/usr/sbin" debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
	  bookworm .deploy/debian > .deploy/debootstrap.log
	ln -s /usr/bin/python3 .deploy/debian/usr/local/bin/python
	@touch $@

lock: .venv-lock/bin/uv ## Say anew which releases, with which hashes, the image is made of; LOCK_ARGS=--upgrade
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra demo -o requirements-demo.lock
	printf 'hatchling>=1.24\nsetuptools>=75\n' | $(LOCK) - -o requirements-build.lock

LOCK = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --custom-compile-command 'make lock' $(LOCK_ARGS)

.venv-lock/bin/uv: | $(BIN)/python
	$(BIN)/python -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check uv

check: $(VENV)/.dev ## Lint, formatting, types, layers, and a test file for each module
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_house.py

docs: $(VENV)/.run ## Make the pages and pictures that are made from settings and benchmarks
	$(BIN)/python -m gateway.config.reference > docs/configuration.md
	$(BIN)/python -m docs.charts

audit: $(VENV)/.run $(filter .venv-supply/%,$(AUDIT:.venv-supply/bin/pip-audit=.venv-supply/.stamp)) ## Known weaknesses of what is locked, or else installed (asks PyPI)
	@if [ -f '$(LOCK)' ]; then set -- --disable-pip --require-hashes --requirement '$(LOCK)'; \
	else set -- --path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"; fi; \
	told=$$($(AUDIT) --progress-spinner off --skip-editable "$$@" 2>&1); code=$$?; \
	case "$$told" in \
	  *'could not be audited'*|*'ould not connect'*|*ConnectionError*|*'Max retries'*|*HTTPError*|*ServiceError*) \
	    printf '%s\n' "$$told" | grep -v 'No known vulnerabilities' | tail -n 3 >&2; \
	    echo 'audit: PyPI, which knows of weaknesses, could not be asked about all packages; nothing is certain' >&2; exit 3;; \
	esac; \
	printf '%s\n' "$$told"; exit $$code

sbom: $(VENV)/.run .venv-supply/.stamp ## A list of what is locked, or else installed (CycloneDX, into sbom.cdx.json)
	@if [ -f '$(LOCK)' ]; then set -- requirements '$(LOCK)'; else set -- environment $(BIN)/python; fi; \
	.venv-supply/bin/cyclonedx-py "$$@" --pyproject pyproject.toml --mc-type application --of JSON --output-file '$(SBOM)' && \
	echo 'sbom: $(SBOM)'

bench: $(VENV)/.run bench-programs ## Benchmarks beside nginx and Varnish, one after the other; BENCH=hit runs one
	@failed=; \
	for name in $(BENCH); do $(BIN)/python -m bench.$$name $(BENCH_ARGS) || failed="$$failed $$name"; done; \
	if [ -n "$$failed" ]; then echo "bench: these did not run to their end:$$failed" >&2; exit 1; fi

# Without PEP 517, the pip of Debian 12 warns about pybloom-live, which has no pyproject.toml.
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517
NOT_INSTALLED = echo 'ragfront: not installed, see above. It needs a package index (PyPI or a mirror) and free disk space:' \
	'250 MB to run, 1 GB for the tests' >&2; exit 1

# Stamps: what is installed is what pyproject.toml asked for.
$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo 'installing ragfront and what it needs into $(VENV): about a minute'
	@$(INSTALL) --editable '.[demo]' || { $(NOT_INSTALLED); }
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo 'installing ragfront and what its tests need into $(VENV): some minutes'
	@$(INSTALL) --editable '.[dev]' || { $(NOT_INSTALLED); }
	@touch $(VENV)/.run $@

.venv-clients/.stamp: tests/clients/requirements.txt tests/clients/package.json | $(BIN)/python
	$(BIN)/python -m venv .venv-clients
	.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
	@if command -v npm >/dev/null; then cd tests/clients && npm install --silent --no-package-lock --no-audit --no-fund; \
	else echo 'test-clients: no npm, so the Node client is skipped' >&2; fi
	@touch $@

.venv-supply/.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv .venv-supply
	.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.7' 'cyclonedx-bom>=5'
	@touch $@

$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if command -v $$python >/dev/null && \
	     $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making $(VENV) with $$python"; \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo 'ragfront: the venv could not be made; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; \
	  fi; \
	done; \
	echo 'ragfront: Python 3.11 or newer is needed, and none was found on PATH' >&2; exit 1

redis:
	@command -v redis-server >/dev/null && exit 0; \
	if ! command -v apt-get >/dev/null; then as=none; \
	elif [ "$$(id -u)" = 0 ]; then as=; \
	elif sudo -n true 2>/dev/null; then as=sudo; \
	else as=none; fi; \
	if [ "$$as" != none ] && $$as apt-get -qq update && \
	   $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends redis-server; then exit 0; fi; \
	echo 'ragfront: the tests need redis-server on PATH; install Redis 6.2 or newer (apt, dnf, brew: package redis)' >&2; \
	exit 1

# The console is tested in a real browser; none is downloaded but Debian's.
chromium:
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	if ! command -v apt-get >/dev/null; then as=none; \
	elif [ "$$(id -u)" = 0 ]; then as=; \
	elif sudo -n true 2>/dev/null; then as=sudo; \
	else as=none; fi; \
	if [ "$$as" != none ] && $$as apt-get -qq update && \
	   $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; then exit 0; fi; \
	echo 'ragfront: the tests of the console need chromium on PATH (apt, dnf, brew: package chromium)' >&2; \
	exit 1

# Prometheus is unpacked and not installed: as a service it would take the port that ragfront's figures are on.
deploy-programs: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/deploy/requirements.txt
	@PATH="$(CURDIR)/.deploy/usr/bin:$$PATH:/usr/sbin"; \
	if ! command -v promtool >/dev/null && command -v dpkg >/dev/null; then \
	  mkdir -p .deploy && cd .deploy && { apt-get download -qq prometheus 2>/dev/null || \
	    { apt-get -qq update && apt-get download -qq prometheus; }; } && dpkg -x prometheus_*.deb . && cd ..; \
	fi; \
	missing=; \
	for program in prometheus promtool nginx systemd-analyze strace; do \
	  command -v $$program >/dev/null || missing="$$missing $$program"; \
	done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends nginx-light systemd strace; \
	elif [ -n "$$missing" ]; then echo "test-deploy: without$$missing, whose tests are skipped" >&2; fi

# Debian's nginx-light is enough; where there is none, nginx. Both stand in /usr/sbin, which not every PATH has.
bench-programs:
	@PATH="$$PATH:/usr/sbin"; missing=; \
	for program in taskset wrk nginx varnishd redis-server; do \
	  command -v $$program >/dev/null || missing="$$missing $$program"; \
	done; \
	for vmods in /usr/lib/varnish/vmods /usr/lib/*/varnish/vmods /usr/lib64/varnish/vmods /usr/local/lib/varnish/vmods; do \
	  [ -e "$$vmods/libvmod_bodyaccess.so" ] && bodyaccess=yes; \
	done; \
	[ -n "$$bodyaccess" ] || missing="$$missing varnish-modules"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then as=none; \
	elif [ "$$(id -u)" = 0 ]; then as=; \
	elif sudo -n true 2>/dev/null; then as=sudo; \
	else as=none; fi; \
	if [ "$$as" != none ] && $$as apt-get -qq update; then \
	  nginx=nginx; if apt-cache -q=2 show nginx-light >/dev/null 2>&1; then nginx=nginx-light; fi; \
	  packages=; \
	  for program in $$missing; do \
	    case $$program in \
	      taskset) packages="$$packages util-linux";; \
	      varnishd) packages="$$packages varnish";; \
	      nginx) packages="$$packages $$nginx";; \
	      *) packages="$$packages $$program";; \
	    esac; \
	  done; \
	  if $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $$packages; then exit 0; fi; \
	fi; \
	echo "bench: needs$$missing; install what is missing (on Debian: wrk nginx-light varnish varnish-modules redis-server)" >&2; \
	exit 1
