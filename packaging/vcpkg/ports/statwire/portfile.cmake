# The port in statwire's own repository takes the tree that it lies in; in vcpkg's it takes a release: see
# packaging/README.md.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../../.." ABSOLUTE)

set(VCPKG_BUILD_TYPE release) # header-only

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DSTATWIRE_BUILD_TESTS=OFF
        -DSTATWIRE_BUILD_EXAMPLES=OFF
        -DSTATWIRE_BUILD_BENCH=OFF
        -DSTATWIRE_INSTALL=ON
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/statwire)
# vcpkg has files with "Libs:" in lib/pkgconfig alone. statwire-http.pc requires cpp-httplib.pc, which vcpkg's
# header-only cpp-httplib does not have.
file(INSTALL "${CURRENT_PACKAGES_DIR}/share/pkgconfig/statwire.pc" DESTINATION "${CURRENT_PACKAGES_DIR}/lib/pkgconfig")
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/pkgconfig")
vcpkg_fixup_pkgconfig()

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
