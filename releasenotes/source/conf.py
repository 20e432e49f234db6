project = "osc-migrate Release Notes"
extensions = ["reno.sphinxext"]
html_theme = "alabaster"
