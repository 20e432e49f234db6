project = "osc-migrate Release Notes"
copyright = "osc-migrate contributors"
extensions = ["reno.sphinxext", "openstackdocstheme"]
html_theme = "openstackdocs"
html_theme_options = {"analytics_tracking_code": ""}
openstackdocs_auto_name = False
smartquotes = False
