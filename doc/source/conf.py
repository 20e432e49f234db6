import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import pages

project = "osc-migrate"
copyright = "osc-migrate contributors"
extensions = ["cliff.sphinxext", "openstackdocstheme"]
html_theme = "openstackdocs"
html_theme_options = {
    # Empty: no analytics on pages built outside docs.openstack.org.
    "analytics_tracking_code": "",
    # The sidebar lists the sections of the current page already.
    "display_toc": False,
    "sidebar_search": True,
}
html_static_path = ["_static"]
html_css_files = ["custom.css"]
# Literal blocks are commands and their output, not Python.
highlight_language = "console"
# Options such as --resume keep both hyphens.
smartquotes = False
# Precedes the name of each command.
autoprogram_cliff_application = "openstack"
# Output options that every openstack command has; cli/index names them.
autoprogram_cliff_ignored = [
    "--help",
    "--column",
    "--fit-width",
    "--format",
    "--max-width",
    "--noindent",
    "--prefix",
    "--print-empty",
    "--quote",
    "--sort-ascending",
    "--sort-column",
    "--sort-descending",
]
exclude_patterns = ["cli/examples"]
man_pages = pages.manuals()


def setup(app):
    app.add_role("check", pages.check_role)
    app.connect("builder-inited", pages.make)
    app.connect("doctree-read", pages.drop_second_title)
