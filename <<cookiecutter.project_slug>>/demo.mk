# The demo's own targets; `make clean-demo` takes them away with the rest of it.
.PHONY: demo arrive labels mail clean-demo

demo: setup ## everything once: experiment, release, a new month, monitoring
	@$(MAKE) --no-print-directory repro release
	@$(MAKE) --no-print-directory arrive MONTH=$(or $(MONTH),6)
	@$(MAKE) --no-print-directory monitor
	@sed -n '/^## How good/,/^## What/{/^## What/!p}' reports/model_card.md
	@echo "Look at: reports/model_card.md, reports/quality.html, reports/drift.html; then \`make ui\`."

arrive: setup ## demo: MONTH=6 brings the flights of June into data/incoming
	@python -m << cookiecutter.package_name >>.commands.arrive $(MONTH)

labels: setup ## demo: MONTH=6 brings what came true of the flights of June into data/labels
	@python -m << cookiecutter.package_name >>.commands.arrive $(MONTH) --labels

mail: setup ## demo: an alert that arrives as a mail, at a server on this machine
	@python -m aiosmtpd --nosetuid --listen 127.0.0.1:8025 & server=$$!; folder=$$(mktemp -d); \
	  trap "kill $$server; rm -r $$folder" EXIT; \
	  python -m << cookiecutter.package_name >>.stages.alert --cfg job alert=channels "alert.hosts=[127.0.0.1]" \
	    "~alert.channels.slack" "~alert.channels.webhook" > $$folder/params.yaml; \
	  export ALERT_EMAIL_URL="mailto://127.0.0.1:8025?from=alerts@example.com&to=you@example.com"; \
	  cd $$folder && PYTHONPATH="$(CURDIR)" python -m << cookiecutter.package_name >>.commands.alerts test

# The demo's later months arrive in its simulated year.
simulate: LATER ?= $(shell grep -qs '^ *- data: flights' conf/config.yaml && echo data/demo/later.parquet)

clean-demo: setup ## take the demo away, and say what to fill in for your own data
	@python -m << cookiecutter.package_name >>.commands.clean_demo
