project = "osc-migrate"
copyright = "osc-migrate contributors"
extensions = ["cliff.sphinxext"]
html_theme = "alabaster"
# What stands before each command's name.
autoprogram_cliff_application = "openstack"
