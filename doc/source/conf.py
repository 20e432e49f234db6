import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import pages

project = "osc-migrate"
copyright = "osc-migrate contributors"
extensions = ["cliff.sphinxext"]
html_theme = "alabaster"
# What stands before each command's name.
autoprogram_cliff_application = "openstack"
exclude_patterns = ["cli/examples"]
man_pages = pages.manuals()


def setup(app):
    app.add_role("check", pages.check_role)
    app.connect("builder-inited", pages.make)
