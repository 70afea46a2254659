"""The page that is written from the triggers."""

from pillarfour.triggers.document import write


def test_the_page_says_each_condition_in_words(load_text, good):
    """A reader needs no YAML."""
    page = write(load_text(good))

    assert "- **watch**, in 2 of the newest 3 periods:\n" in page
    assert "  - `farrington` scores 1 or more above what it expects, and the figure is at least 100\n" in page
    assert "  - not: `farrington` scores 0.5 or more above what it expects" in page
    assert "at stage `darien` this trigger reached watch or above in the same month or the 2 before" in page
    assert "the next period of `panama` is overdue by 15 days or more" in page


def test_every_trigger_group_and_detector_is_on_the_page(load_text, good):
    """Nothing that decides an alert is left out."""
    triggers = load_text(good)
    page = write(triggers)

    for name in (*(trigger.id for trigger in triggers.triggers), *triggers.groups, *triggers.detectors, *triggers.responses):
        assert name in page
