# SPDX-License-Identifier: GPL-2.0-or-later
"""The one exception of the lab: something outside the booted host is missing or wrong."""


class LabError(Exception):
    """Its text names the object, the cause and what to do; the host script prints it and ends with 125."""
