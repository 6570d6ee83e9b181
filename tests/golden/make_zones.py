#!/usr/bin/env python3
"""Local times and the moments at which a zone's clocks show them, by Python's zoneinfo: tests/golden/zones.csv.

usage: python3 tests/golden/make_zones.py > tests/golden/zones.csv"""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ["America/New_York", "Europe/Berlin", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kolkata",
         "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "Asia/Jerusalem"]


def moments(zone, local):
    found = []
    for fold in (0, 1):
        utc = local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
        if utc.astimezone(zone).replace(tzinfo=None) == local and utc not in found:
            found.append(utc)
    return sorted(found)


def changes(zone, year):
    """Local times around every change of the clocks in a year."""
    at, end = datetime(year, 1, 1, tzinfo=timezone.utc), datetime(year + 1, 1, 1, tzinfo=timezone.utc)
    while at < end:
        next_at = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != next_at.astimezone(zone).utcoffset():
            local = next_at.astimezone(zone).replace(tzinfo=None)
            yield from (local + timedelta(minutes=m) for m in (-90, -45, -15, 0, 15, 45, 90))
        at = next_at


print("zone,local,n,first,second")
for name in ZONES:
    zone = ZoneInfo(name)
    times = [datetime(y, m, 15, 12, 30) for y in (1975, 2001, 2024, 2050) for m in (1, 7)]
    for year in (1987, 2006, 2021, 2040):
        times += changes(zone, year)
    for local in times:
        utc = moments(zone, local)
        shown = [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in utc] + ["", ""]
        print(f"{name},{local:%Y-%m-%dT%H:%M:%S},{len(utc)},{shown[0]},{shown[1]}")
