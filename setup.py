"""The packages to install; all other metadata is in pyproject.toml.

The folder resources/ is installed as workbench.resources, which package discovery alone cannot say.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["workbench", "workbench.*"]), "workbench.resources"],
    package_dir={"workbench.resources": "resources"},
)
