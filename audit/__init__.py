"""Audit every page: access (axe), markup (the Nu HTML checker) and Lighthouse's figures."""
