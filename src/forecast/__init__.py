"""Simulation and forecasting workbench for enrollment in Viet Nam's voluntary social insurance (BHXH tự nguyện).

Objects go in, tables come out; nothing that goes in is changed by running it. The names listed in ``__init__.pyi`` are
the public ones: what is asked (places, law, scenarios, policies), the functions that answer, and two modules, `toy`
(an invented district) and `show` (pictures and sentences). Everything else is imported from its package. A name is
loaded when it is first used, so that a command that only reads a table does not wait for the engines.

>>> import forecast as f
>>> plan = f.Scenario("visits", f.toy.place(), start="2021-12", until="2022-12", law=f.toy.law(),
...                   policy=f.Policy(f.Visits(count=100, per="commune")))
>>> answer = f.project([f.status_quo(plan), plan], engines=["stock"], draws=20, progress=False, jobs=1)
>>> added = answer.versus("status quo").at("2022-12").only(measure="members", group="all")
>>> bool((added.frame["value"] > 0).all())
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
