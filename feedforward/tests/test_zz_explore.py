"""Exploration."""
import re, sys
from typing import Any
from urllib.parse import quote
import pytest
from django.db import transaction, connection
from django.test import Client
from django.urls import reverse
from feedforward.tests.access_table import ROWS
from feedforward.tests.cast import ANONYMOUS, CLOSED
from feedforward.tests.test_guards import scene, filled, browser
pytestmark = pytest.mark.django_db
import subprocess
src = subprocess.run("grep -rhoE \"(request\\.(GET|POST)|data)\\.get(list)?\\(\\\"[a-z_]+\\\"\" --include=*.py accounts courses aiconfig submissions feedback | grep -oE '\"[a-z_]+\"' | sort -u", shell=True, capture_output=True, text=True).stdout
NAMES = sorted(set(re.findall(r'"(\w+)"', src)) | {"id","pk","version","page","seed"})
VALUES = ["%00", "a%00b", "%ED%A0%80", "9"*30, "-"+"9"*30, "-1", "1e999", "NaN", "%C2%B2", "%D9%A3", "x"*70000, "%F0%9F%98%80", "2026-02-31", "9999-12-31", "0001-01-01T00:00", "[]", "{}", "00000000-0000-0000-0000-000000000000", "null"]
print(NAMES)

class Nul(Exception): pass
def wall(found):
    def w(execute, sql, params, many, context):
        for p in (params or ()):
            if isinstance(p, str) and ("\x00" in p or any('\ud800' <= c <= '\udfff' for c in p)): found.append(sql[:90])
            if isinstance(p, int) and abs(p) >= 2**63: found.append("INT "+sql[:90])
        return execute(sql, params, many, context)
    return w

def test_explore(scene):
    from django.core.cache import cache
    from feedforward import ratelimit
    out = set()
    for row in ROWS:
        if row.name in {"account_logout"}: continue
        actors = sorted(row.allow - {ANONYMOUS, CLOSED} or {ANONYMOUS})
        for an in actors[:1]:
            actor = scene.actor(an)
            url = reverse(row.name, kwargs=row.kwargs(scene))
            client = browser(actor)
            fields = dict(row.data)
            if row.method == "POST":
                try:
                    with transaction.atomic():
                        fields = filled(client.get(url).content.decode()) | fields
                        transaction.set_rollback(True)
                except Exception: pass
            names = sorted(set(NAMES) | set(fields))
            plain = {k: quote(v) for k, v in fields.items()}
            def send(body):
                found = []
                cache.clear()
                with transaction.atomic(), connection.execute_wrapper(wall(found)):
                    if row.method == "GET": a = client.get(url + "?" + body)
                    else: a = client.post(url, body.encode(), content_type="application/x-www-form-urlencoded")
                    try: b = b"".join(a) if a.streaming else a.content
                    except Exception as e:
                        out.add((row.method,row.name,"STREAM",repr(e)[:100]))
                    transaction.set_rollback(True)
                return a.status_code, found, getattr(a,'exc_info',None)
            def join(d): return "&".join(f"{k}={v}" for k,v in d.items())
            for value in VALUES:
                s, f, e = send(join({**plain, **dict.fromkeys(names, value)}))
                bad = s >= 500 and s != 503 or f
                if bad:
                    hit = False
                    for n in names:
                        s, f, e = send(join({**plain, n: value}))
                        if s>=500 and s!=503 or f:
                            hit = True; out.add((row.method,row.name,n,value[:12],s,tuple(sorted(set(f)))[:1], repr(e[1])[:100] if e else ""))
                    if not hit: out.add((row.method,row.name,"ALL",value[:12],s,tuple(sorted(set(f)))[:1],repr(e[1])[:100] if e else ""))
                elif row.method=="POST":
                    # one field at a time, others as they were
                    if value in ("%00","9"*30,"%C2%B2","%ED%A0%80"):
                      for n in names:
                        s, f, e = send(join({**plain, n: value}))
                        if s>=500 and s!=503 or f: out.add((row.method,row.name,n,value[:12],s,tuple(sorted(set(f)))[:1],repr(e[1])[:100] if e else ""))
    with open("/tmp/explore.out","w") as fh:
        for o in sorted(map(str,out)): fh.write(o+"\n")
