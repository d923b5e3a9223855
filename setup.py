"""Puts the shipped apps and load scripts below `runners` in a wheel; all else stands in pyproject.toml."""

from setuptools import find_namespace_packages, find_packages, setup

SHIPPED = "runners.shipped"

setup(
    packages=[
        *find_packages(include=["runners", "runners.*"]),
        *(
            f"{SHIPPED}.{name}"
            for name in find_namespace_packages(include=["apps", "apps.*"], exclude=["*.__pycache__"])
        ),
        f"{SHIPPED}.loadgen",
    ],
    package_dir={f"{SHIPPED}.apps": "apps", f"{SHIPPED}.loadgen": "loadgen"},
)
