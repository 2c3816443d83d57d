"""A private Spark cluster: a master and two workers as programs of their own, and a Spark Connect server on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.servers.processes import HOST, NotInstalled, PrivateFolder, Program, free_port, listens

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WORKERS = 2
#: What a worker offers: room for an executor each of three programs at a time (a test's, Spark Connect, a command's).
SLOTS, MEMORY = 3, "3g"
START_SECONDS = 120
MASTER_CLASS = "org.apache.spark.deploy.master.Master"
WORKER_CLASS = "org.apache.spark.deploy.worker.Worker"
CONNECT_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"  # in pyspark's own jars since 4.0
#: Tests are short: compiling less and collecting garbage on one thread is quicker on few cores.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"

#: For every session on the cluster, from SPARK_CONF_DIR: a program under test needs nothing but the address of the master.
DEFAULTS = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.driver.memory": "1g",
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.cores.max": str(WORKERS),  # one executor on each worker
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # work waits until both are there
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
LOGGING = """
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
logger.master.name = org.apache.spark.deploy.master
logger.master.level = info
logger.worker.name = org.apache.spark.deploy.worker
logger.worker.level = info
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
"""


class SparkCluster:
    """A standalone cluster. `environment` must be set in a process that opens classic sessions (the fixture sees to it).

    with SparkCluster() as cluster:
        with cluster.classic_session() as session: ...   # a driver of one's own, on cluster.master_url
        with cluster.connect_session() as session: ...   # by Spark Connect, on cluster.connect_url
    """

    host = HOST

    def __init__(self) -> None:
        """Raises NotInstalled where Java 17 or pyspark is missing."""
        self._java_home, self._spark_home = _java_home(), _spark_home()
        self._folder = PrivateFolder("spark")
        self._master: Program | None = None
        self._workers: list[Program] = []
        self._started = 0
        self._connect: SparkConnect | None = None
        self.port, self._ui_port = free_port(), free_port()

    def __enter__(self) -> Self:
        try:
            self._configure()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def master_url(self) -> str:
        return f"spark://{self.host}:{self.port}"

    def url(self) -> str:
        return self.master_url

    @property
    def connect(self) -> SparkConnect:
        """The Spark Connect server on this cluster, started when asked for and not running."""
        if self._connect is None:
            self._connect = SparkConnect(self)
        self._connect.start()
        return self._connect

    @property
    def connect_url(self) -> str:
        return self.connect.url()

    @property
    def folder(self) -> Path:
        """For data that driver and executors share; goes with the cluster."""
        return self._folder.path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to open a session on this cluster; unset there what else begins with SPARK_ or PYSPARK_."""
        return {
            "JAVA_HOME": str(self._java_home),
            "SPARK_HOME": str(self._spark_home),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
        }

    def start(self) -> None:
        """The master and what workers are missing; returns when all are registered."""
        if self._master is None or not self._master.runs:
            places = ["--host", HOST, "--port", str(self.port), "--webui-port", str(self._ui_port)]
            self._master = self.run_program("spark-class", MASTER_CLASS, *places, memory="256m", log="master")
            self._master.wait_until(lambda: listens(self.port) and listens(self._ui_port), START_SECONDS)
        self._workers = [worker for worker in self._workers if worker.runs]
        while len(self._workers) < WORKERS:
            self._workers.append(self._start_worker())
        for worker in self._workers:
            worker.wait_until(self._complete, START_SECONDS)

    def stop_worker(self) -> None:
        """Kills one worker with its executors, in the middle of whatever they do; `start()` brings a new one."""
        if self._workers:
            self._workers.pop().stop(signal.SIGKILL)

    def stop(self) -> None:
        """Spark Connect, workers and master, all; `start()` brings an empty cluster at the same address."""
        if self._connect is not None:
            self._connect.stop()
            self._connect = None
        for worker in self._workers:
            worker.process.terminate()  # in order and all at once: each ends its executors, and waits for them
        while self._workers:
            self._workers.pop().stop(seconds=5)
        if self._master is not None:
            self._master.stop()
            self._master = None

    def close(self) -> None:
        """Stopped, with the driver that sessions of this process left, and its folder removed."""
        end_driver()
        self.stop()
        self._folder.remove()

    def state(self) -> dict[str, Any]:
        """What the master says of itself: workers, activeapps, completedapps ..."""
        with urllib.request.urlopen(f"http://{HOST}:{self._ui_port}/json/", timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        return state

    def workers(self) -> list[str]:
        """The ids of the workers that are registered and alive."""
        return [worker["id"] for worker in self.state()["workers"] if worker["state"] == "ALIVE"]

    @contextmanager
    def classic_session(self, options: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
        """A session with a driver of this process's; the driver (Java) stays for the next and ends with the cluster."""
        from pyspark.sql import SparkSession

        with connect_mode(None):
            session = SparkSession.builder.master(self.master_url).appName("classic").config(map=dict(options or {})).getOrCreate()
            try:
                yield session
            finally:
                session.stop()

    @contextmanager
    def connect_session(self, url: str | None = None) -> Iterator[SparkSession]:
        """A new session of Spark Connect's; `url` to come by a proxy."""
        from pyspark.sql.connect.session import SparkSession as ConnectSession

        with connect_mode("1"):
            session = ConnectSession.builder.remote(url or self.connect_url).create()
            try:
                yield session
            finally:
                session.stop()

    def run_program(self, name: str, *arguments: str, memory: str, log: str) -> Program:
        """A program of Spark's own, with its log in the cluster's folder."""
        environment = self.environment | {"SPARK_DAEMON_MEMORY": memory, "SPARK_DAEMON_JAVA_OPTS": self._java_options}
        command = [self._spark_home / "bin" / name, *arguments]
        return Program(command, log=self.folder / f"{log}.log", folder=self.folder, environment=environment)

    def _complete(self) -> bool:
        with suppress(urllib.error.URLError, ValueError):  # the master's pages come after its port, and whole ones later still
            return len(self.workers()) >= WORKERS
        return False

    def _start_worker(self) -> Program:
        self._started += 1
        name = f"worker-{self._started}"  # its executors work in folders below this one: tests see by it where work was done
        offer = ["--host", HOST, "--webui-port", "0", "--cores", str(SLOTS), "--memory", MEMORY, "--work-dir", str(self.folder / name)]
        return self.run_program("spark-class", WORKER_CLASS, *offer, self.master_url, memory="256m", log=name)

    @property
    def _java_options(self) -> str:
        return f"{JAVA_OPTIONS} -Djava.io.tmpdir={self.folder / 'tmp'}"

    def _configure(self) -> None:
        folder = self.folder / "conf"
        folder.mkdir()
        (self.folder / "tmp").mkdir()
        settings = DEFAULTS | {
            "spark.driver.extraJavaOptions": self._java_options,
            "spark.executor.extraJavaOptions": self._java_options,
            "spark.sql.warehouse.dir": f"file://{self.folder / 'warehouse'}",
        }
        (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        (folder / "log4j2.properties").write_text(LOGGING)


class SparkConnect:
    """The Connect server: itself one program on the cluster, with executors of its own."""

    host = HOST

    def __init__(self, cluster: SparkCluster) -> None:
        self._cluster = cluster
        self._program: Program | None = None
        self.port = free_port()

    def url(self) -> str:
        return f"sc://{self.host}:{self.port}"

    def start(self) -> None:
        if self._program is None or not self._program.runs:
            settings = {"spark.connect.grpc.binding.address": HOST, "spark.connect.grpc.binding.port": str(self.port)}
            options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
            master = ["--master", self._cluster.master_url, "--name", "Spark Connect"]
            what = [*master, *options, "--class", CONNECT_CLASS, "spark-internal"]
            self._program = self._cluster.run_program("spark-submit", *what, memory="1g", log="connect")
            self._program.wait_until(lambda: listens(self.port), START_SECONDS)

    def stop(self) -> None:
        """Killed, as in a crash."""
        if self._program is not None:
            self._program.stop(signal.SIGKILL)
            self._program = None


@contextmanager
def connect_mode(value: str | None) -> Iterator[None]:
    """pyspark's functions build for Connect or for a classic session by this variable, which a Connect session leaves set."""
    name = "SPARK_CONNECT_MODE_ENABLED"
    before = os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before


def end_driver() -> None:
    """Ends the Java program behind this process's classic sessions; pyspark itself leaves it until Python ends."""
    if "pyspark" not in sys.modules:
        return
    from pyspark import SparkContext

    if SparkContext._active_spark_context is not None:
        SparkContext._active_spark_context.stop()
    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
    if gateway is None:
        return
    with suppress(Exception):  # whatever it says: the program is ended next
        gateway.shutdown()
    process: subprocess.Popen[bytes] | None = getattr(gateway, "proc", None)
    if process is not None:
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _spark_home() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise NotInstalled("Spark is not installed: no package pyspark (pip install -r requirements-dev.txt)")
    return Path(found.origin).parent


def _java_home() -> Path:
    """Of JAVA_HOME's Java or the one on the PATH."""
    named = os.environ.get("JAVA_HOME")
    java = Path(named) / "bin" / "java" if named else Path(shutil.which("java") or "java")
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError) as error:
        raise NotInstalled("Java is not installed (Debian: apt-get install default-jre-headless)") from error
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version.group(1)) < 17:
        raise NotInstalled(f"Spark needs Java 17 or later, this machine has: {said.splitlines()[0]}")
    return java.resolve().parent.parent
