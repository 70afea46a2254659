"""What the shipped file does not use, as an analyst would write it; a test runs it on the publisher's own figures."""

SECTOR = """\
stages:
  - id: del_rio
    title: {en: Del Rio sector, es: Sector Del Río}
    country: USA
    role: receiving
    unit: events
    observed_by:
      - {source: us_cbp, table: area, measure: encounters, where: {area: Del Rio Sector}}
triggers:
  - id: del-rio-haitians
    title: {en: Haitians in the Del Rio sector, es: Haitianos en el sector Del Río}
    status: test
    kind: surge
    owner: Task force secretariat
    rationale: One bridge can be overwhelmed while the whole border looks calm.
    references: [https://www.cbp.gov/document/stats/nationwide-encounters]
    series: {stages: [del_rio], subject: HTI}
    levels:
      watch:
        growth: {over_periods: 1, factor: 2, floor: 1000}
      warning:
        for: {releases: 2}
        level: {at_least: 5000, unit: events}
    clear:
      for: {periods: 2}
      level: {at_most: 500, unit: events}
    response: surge
    notify: [task_force]
"""
"""A stage that is one sector, and a trigger on it."""
