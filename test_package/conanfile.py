"""Builds and runs programs against the package that `conan create` has made."""

import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class StatwireTestConan(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        options = self.dependencies["statwire"].options
        toolchain.cache_variables["EXPECT_http"] = bool(options.http)
        toolchain.cache_variables["EXPECT_sqlite"] = bool(options.sqlite)
        toolchain.user_presets_path = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if not can_run(self):
            return
        programs = ["read_lines"]
        options = self.dependencies["statwire"].options
        if options.http:
            programs.append("serve")
        if options.sqlite:
            programs.append("sqlite_version")
        for program in programs:
            self.run(os.path.join(self.cpp.build.bindir, program), env="conanrun")
