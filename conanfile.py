"""Packages statwire for Conan 2, with the CMake targets of its own package: see packaging/README.md."""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class StatwireConan(ConanFile):
    name = "statwire"
    description = "Metrics for C++20: StatsD, Graphite and Prometheus clients and servers, header-only"
    license = "MIT"
    topics = ("metrics", "statsd", "graphite", "prometheus", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"http": [True, False], "sqlite": [True, False]}
    default_options = {"http": False, "sqlite": False}
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "statwire", "version.hpp"))
        numbers = re.findall(r"#define STATWIRE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)
        self.version = ".".join(numbers)

    def layout(self):
        basic_layout(self)

    def requirements(self):
        self.requires("asio/[>=1.22 <2]", transitive_headers=True)
        if self.options.http:
            self.requires("cpp-httplib/[>=0.11 <1]", transitive_headers=True)
            self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
        if self.options.sqlite:
            self.requires("sqlite3/[>=3.40 <4]", transitive_headers=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)
        # The oldest that statwire is tested with; other compilers are let through.
        oldest = {"gcc": "11", "clang": "14"}.get(str(self.settings.compiler))
        if oldest and Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration(
                f"statwire needs {self.settings.compiler} {oldest} or newer, "
                f"and the profile has {self.settings.compiler.version}")

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.ipp"):
            copy(self, pattern, os.path.join(self.source_folder, "include"),
                 os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "statwire")
        self.cpp_info.set_property("cmake_config_version_compat", "SameMinorVersion")
        # Each part is a component; what Conan makes of the whole must not take the name of one.
        self.cpp_info.set_property("cmake_target_name", "statwire::all")
        self.cpp_info.set_property("pkg_config_name", "statwire-all")

        core = self._add_part("core", "statwire", ["asio::asio"])
        core.set_property("cmake_target_aliases", ["statwire::core"])
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs = ["pthread"]
        elif self.settings.os == "Windows":
            core.system_libs = ["ws2_32", "mswsock"]
            core.defines = ["_WIN32_WINNT=0x0A00"]
        self._add_part("testing", "testing", ["core"])
        if self.options.http:
            self._add_part("http", "http", ["core", "cpp-httplib::cpp-httplib", "nlohmann_json::nlohmann_json"])
        if self.options.sqlite:
            self._add_part("sqlite", "sqlite", ["core", "sqlite3::sqlite3"])

    def _add_part(self, name, target, requires):
        part = self.cpp_info.components[name]
        part.set_property("cmake_target_name", f"statwire::{target}")
        part.set_property("pkg_config_name", "statwire" if name == "core" else f"statwire-{name}")
        part.requires = requires
        part.bindirs = []
        part.libdirs = []
        return part
