"""Where SNM links its documents, over the years."""

from sources import panama_darien

PAGE = """
<html><body>
<a href="/quienes-somos">Quiénes somos</a>
<a href="/wp-content/uploads/IRREGULARES-POR-DARIEN-AGOSTO.pdf">Tránsito irregular por Darién, agosto</a>
<a href="/images/img2021/pdf/IRREGULARES%202010-2019_DARIEN.pdf">2010-2019</a>
<a href="/images/img2023/pdf/IRREGULARES_POR_%20DARI%C3%89N_2023.pdf">2023</a>
<a href="/wp-content/uploads/2024/03/TRANSITO_IRREGULAR_POR_DARIEN.pdf">2024</a>
<a href="https://www.datosabiertos.gob.pa/dataset/a1/resource/b2/download/transito-irregular-frontera-colombia-2022.csv">Datos abiertos</a>
<a href="/images/img2021/pdf/IRREGULARES_POR_DARIEN_DICIEMBRE_2021.pdf">2021</a>
<a href="/images/img2021/pdf/IRREGULARES_POR_DARIEN_NOVIEMBRE_2021.pdf">2021</a>
<a href="/wp-content/uploads/2024/03/MOVIMIENTO-MIGRATORIO-MARZO.pdf">Entradas y salidas</a>
<a href="/wp-content/uploads/IRREGULARES-POR-DARIEN-AGOSTO.pdf#page=2">otra vez</a>
</body></html>
"""


class Client:
    """A web of one page."""

    def __init__(self):
        self.fetched = []

    def page(self, url):
        """Give the only page there is."""
        assert url == "https://www.migracion.gob.pa/estadisticas"
        return PAGE

    def document(self, link):
        """Remember what was asked for, and say that it has not changed."""
        self.fetched.append(link)


def test_both_kinds_of_link_are_found_oldest_first():
    """PDFs of every naming and the portal's CSV, each once; annual tables and other documents are not."""

    assert [link.name for link in panama_darien.discover(Client())] == [
        "IRREGULARES_POR_DARIEN_NOVIEMBRE_2021.pdf",
        "IRREGULARES_POR_DARIEN_DICIEMBRE_2021.pdf",
        "transito-irregular-frontera-colombia-2022.csv",
        "IRREGULARES_POR_ DARIÉN_2023.pdf",
        "TRANSITO_IRREGULAR_POR_DARIEN.pdf",
        "IRREGULARES-POR-DARIEN-AGOSTO.pdf",
    ]


def test_links_are_absolute_and_on_allowed_hosts():
    """What is found can be fetched by the recipe's own rule."""
    links = panama_darien.discover(Client())

    assert len(links) == 6
    for link in links:
        assert link.url.startswith(tuple(f"https://{host}/" for host in panama_darien.RECIPE.web.allowed_hosts))


def test_fetch_asks_for_the_link():
    """Fetching is the client's work."""
    client = Client()
    link = panama_darien.discover(client)[0]

    assert panama_darien.fetch(client, link) is None
    assert client.fetched == [link]
