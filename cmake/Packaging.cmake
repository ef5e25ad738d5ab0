# Debian packages: cmake --preset deb && cmake --build --preset deb && (cd build/deb && cpack -G DEB).
# Three of them, by components: quotebus (programs), libquotebus0 (library), libquotebus-dev (its header).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "quotebus maintainers <quotebus@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL programs library development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "")

set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME quotebus)
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION "${PROJECT_DESCRIPTION}
 Programs, systemd units, configuration, schemas and migrations.")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS "passwd, ca-certificates")
set(scripts ${CMAKE_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm ${scripts}/conffiles)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libquotebus${PROJECT_VERSION_MAJOR})
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Library for consumers of quotebus in C")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${scripts}/triggers)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libquotebus-dev)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Header and pkg-config file of libquotebus")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libquotebus${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
include(CPack)
