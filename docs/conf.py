"""Settings of the site, which `make docs` builds in build/site; nothing in it needs a network."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import lecture

project = "lecture_nets"
author = "The lecture_nets developers"
release = metadata.version("lecture-nets")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    # In _ext:
    "api",
    "claims",
    "formulas",
    "image_sets",
    "networks",
    "records",
]
exclude_patterns = ["explorer", "slides", "results"]
templates_path = ["_templates"]

# The notebooks' outputs are those that were committed and tested.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the solution / 显示答案"  # only solutions are folded
nb_code_prompt_hide = "Hide the solution / 隐藏答案"
myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

smartquotes = False  # quotation marks are typed as they must be, in two languages
default_role = "py:obj"  # what our docstrings put between single backticks
autodoc_inherit_docstrings = False  # Lightning's are not in our format
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
toc_object_entries_show_parents = "hide"

copybutton_prompt_text = "$ "

html_theme = "sphinx_book_theme"
html_title = "lecture_nets"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["language.js", "theme.js"]
html_copy_source = False
html_math_renderer = "mathml"  # _ext/formulas.py
html_show_sphinx = False
html_use_index = html_domain_indices = False  # search finds names too
html_show_search_summary = False  # it would fetch pages, which browsers refuse for files
html_context = {"default_mode": "auto"}
html_theme_options = {
    # The tables of networks are wide. Patterns may not overlap: no other page begins with n.
    "secondary_sidebar_items": {"[!n]**": ["page-toc"], "networks/*": []},
    "article_header_end": ["language.html", "article-header-buttons.html"],
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
}

lecture.bring_in_notebooks()
