"""Topics: the language reference as passages."""

import re

from gateway.demo.topics import sections, topic_passages, topic_texts

TEXT = """The "foo" statement
*******************

   foo ::= "foo"

The foo statement is what this text is about, and it is used by all of the tests.

Note:

  It is deprecated in the same way as all of the others.

Changed in version 3.9: It was not there before that one.

  This belongs to the change and is not of any use.

object.__foo__(self)
object.__bar__(self)

   Called to implement the statement that is described above.

That was the end of the definitions of this section.

class list([iterable])

   A list is what is made from it.

   sort(*, key=None)

      This method sorts the list in its place.

   len(x)

      Return the length of the list.

Next
====

This is in the next section of it.
"""


def test_sections_are_made_of_headings_definitions_and_members() -> None:
    found = [(section.title, len(section.content)) for section in sections(TEXT) if section.content]
    assert found == [
        ("The `foo` statement", 3),
        ("The `foo` statement: object.__foo__, object.__bar__", 1),
        ("The `foo` statement", 1),
        ("The `foo` statement: class list([iterable])", 1),
        ("The `foo` statement: list.sort(*, key=None)", 1),
        ("The `foo` statement: `len(x)`", 1),
        ("Next", 1),
    ]


def test_version_notes_are_left_out_and_notes_lose_their_label() -> None:
    text = "\n".join(passage.text for passage in topic_passages({"foo": TEXT}))
    assert "3.9" not in text
    assert "belongs to the change" not in text
    assert "Note" not in text
    assert "It is deprecated in the same way" in text


def test_this_python_carries_its_language_reference() -> None:
    found = topic_passages(topic_texts())
    assert len(found) > 500
    assert all(re.fullmatch(r"language/[\w-]+/\d+", passage.id) for passage in found)
    assert all(passage.title and not passage.title.startswith(":") for passage in found)
    assert len({passage.id for passage in found}) == len(found)


def test_no_topics_no_passages() -> None:
    assert topic_passages({}) == []
