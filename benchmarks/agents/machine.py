"""What the machine is, what a process costs in memory, and how a process is kept to one core."""

import gc
import json
import os
import platform
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("forecast", "numpy", "numba", "mesa", "starsim", "ambr", "polars", "pandas")
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


def describe() -> dict:
    """Say what this machine is: processor, cores, memory, system, Python, packages, and how busy it is now."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = lines[0].split(":", 1)[1].strip() if lines else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _commit(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    try:
        out = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    except OSError:
        return ""
    return out.stdout.strip()


def pin(cores: int = 1) -> None:
    """Keep this process to the last `cores` of the cores that it may use (where the system can do that)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def peak_mb() -> float:
    """Most memory that this process has held since `forget_peak`, or since it began, MB."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike getrusage, it does not count what the parent process held
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def now_mb() -> float:
    """Memory that this process holds now, MB; its peak where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return peak_mb()


def forget_peak() -> None:
    """Begin to count the peak anew (Linux; elsewhere the peak is that of the whole life of the process)."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def ask(script: str, question: dict, cores: int = 1) -> dict:
    """Run `script` in a process of its own on `question`; return its answer, or {"error": ...}."""
    env = os.environ | ONE_THREAD | {"NUMBA_THREADING_LAYER": "workqueue", "STARSIM_INSTALL_FONTS": "0"}
    command = [sys.executable, str(HERE / script), json.dumps(question | {"cores": cores})]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=HERE)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"exit {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])
