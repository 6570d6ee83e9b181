/* Our own CSV read back, and array files against numpy's. */
#include "scratch.h"
#include "test.h"

#include "engine/base/base.h"

static int read_text(const char *text, size_t length, struct table *table) {
    scratch_write("t.csv", text, length);
    return table_read(scratch("t.csv"), table);
}

static void reads_columns(void **state) {
    (void)state;
    static const char *const spellings[] = {
        "time,price,note\n2020-01-01,1.5,\n2020-01-02,-2e3,b\xC3\xBC\n",
        "time,price,note\r\n2020-01-01,1.5,\r\n2020-01-02,-2e3,b\xC3\xBC\r\n",
        "time,price,note\n2020-01-01,1.5,\n2020-01-02,-2e3,b\xC3\xBC", /* no newline at the end */
    };
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        struct table table;
        size_t time, price, note;
        assert_ok(read_text(spellings[i], strlen(spellings[i]), &table));
        assert_int_equal(table.n_rows, 2);
        assert_int_equal(table.n_columns, 3);
        assert_ok(table_column(&table, "time", &time));
        assert_ok(table_column(&table, "price", &price));
        assert_ok(table_column(&table, "note", &note));
        assert_string_equal(table.cell[0 * 3 + time], "2020-01-01");
        assert_string_equal(table.cell[1 * 3 + note], "b\xC3\xBC");
        assert_true(table_number(&table, 0, price) == 1.5);
        assert_true(table_number(&table, 1, price) == -2000);
        assert_true(isnan(table_number(&table, 0, note)));
        double value = 1;
        assert_ok(table_get_number(&table, 0, note, &value));
        assert_true(isnan(value));
        assert_fails(table_get_number(&table, 1, note, &value), GW_ERR_DATA, "t.csv:3:17: column \"note\"");
        assert_true(isnan(table_number(&table, 1, note)));
        assert_fails(table_column(&table, "prise", &price), GW_ERR_DATA, "the nearest is \"price\"");
        assert_fails(table_column(&table, "volume", &price), GW_ERR_DATA, "has no column \"volume\"");
        table_free(&table);
        table_free(&table);
    }
}

static void reads_one_column_and_no_rows(void **state) {
    (void)state;
    struct table table;
    assert_ok(read_text("only\n\n1\n", 8, &table)); /* an empty line is an empty cell */
    assert_int_equal(table.n_rows, 2);
    assert_true(isnan(table_number(&table, 0, 0)) && table_number(&table, 1, 0) == 1);
    table_free(&table);
    assert_ok(read_text("a,b\n", 4, &table));
    assert_int_equal(table.n_rows, 0);
    table_free(&table);
}

static void refuses_damage(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *says;
    } rows[] = {
        {"", 0, "is empty"},
        {"a,b\n1,2\n3\n", 10, "t.csv:3: has 1 cells, the header has 2"},
        {"a,b\n1,2,3\n", 10, "t.csv:2: has 3 cells"},
        {"a,b\n\n", 5, "t.csv:2: has 1 cells"},
        {"a,a\n", 4, "t.csv:1: column \"a\" appears twice"},
        {"a,,b\n", 5, "t.csv:1: column 2 has no name"},
        {"a,b\n1,\"2\"\n", 10, "t.csv:2: holds a quote"},
        {"a\n1\n\0\n", 7, "t.csv:3: holds a quote, a zero byte"},
        {"a\n\xFF\n", 4, "t.csv:2: holds"},
    };
    size_t live = mem_live_bytes();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct table table;
        assert_fails(read_text(rows[i].text, rows[i].length, &table), GW_ERR_DATA, rows[i].says);
    }
    struct table table;
    assert_fails(table_read(scratch("none.csv"), &table), GW_ERR_IO, "none.csv");
    assert_int_equal(mem_live_bytes(), live);
}

static void streams_row_by_row(void **state) {
    (void)state;
    size_t live = mem_live_bytes(), b;
    bool more;
    struct table_stream s;
    scratch_write("s.csv", "a,b\n1,x\r\n2,\n3,4,5\n", 18);
    assert_ok(table_stream_open(scratch("s.csv"), &s));
    assert_int_equal(s.row.n_rows, 0);
    assert_ok(table_column(&s.row, "b", &b));
    assert_ok(table_stream_next(&s, &more));
    assert_true(more && s.row.n_rows == 1 && table_number(&s.row, 0, 0) == 1);
    assert_string_equal(s.row.cell[b], "x");
    assert_ok(table_stream_next(&s, &more));
    assert_true(more && table_number(&s.row, 0, 0) == 2);
    assert_string_equal(s.row.cell[b], "");
    assert_fails(table_stream_next(&s, &more), GW_ERR_DATA, "s.csv:4: has 3 cells");
    table_stream_close(&s);
    scratch_write("s.csv", "a\n7", 3);
    assert_ok(table_stream_open(scratch("s.csv"), &s));
    assert_ok(table_stream_next(&s, &more));
    assert_true(more && table_number(&s.row, 0, 0) == 7);
    assert_ok(table_stream_next(&s, &more));
    assert_false(more);
    table_stream_close(&s);
    assert_fails(table_stream_open(scratch("."), &s), GW_ERR_IO, "is a folder");
    assert_fails(table_stream_open(scratch("none.csv"), &s), GW_ERR_IO, "check the path");
    assert_int_equal(mem_live_bytes(), live);
}

static void numbers_are_strict(void **state) {
    (void)state;
    struct table table;
    static const char *const bad[] = {"x", "1x", "1 ", " 1", "1;2", "--1", "1e"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char text[32];
        double value;
        snprintf(text, sizeof text, "a\n%s\n", bad[i]);
        assert_ok(read_text(text, strlen(text), &table));
        assert_fails(table_get_number(&table, 0, 0, &value), GW_ERR_DATA, "is not a number");
        table_free(&table);
    }
}

/* numpy pads its headers as it likes; the dict, the alignment and the data must be the same. */
static void arrays_are_numpys(void **state) {
    (void)state;
    float f4[12];
    double f8[5];
    for (int i = 0; i < 12; i++) f4[i] = (float)i / 8;
    for (int i = 0; i < 5; i++) f8[i] = i * -1.5;
    int64_t i8 = -7;
    const struct {
        const char *golden, *dtype;
        size_t item_size, shape[3], n_dims;
        const void *data;
        size_t n_bytes;
    } rows[] = {
        {"tests/golden/base_f4_3x4.npy", "<f4", 4, {3, 4}, 2, f4, 48},
        {"tests/golden/base_f8_5.npy", "<f8", 8, {5}, 1, f8, 40},
        {"tests/golden/base_i8_scalar.npy", "<i8", 8, {0}, 0, &i8, 8},
        {"tests/golden/base_u1_2x0x3.npy", "|u1", 1, {2, 0, 3}, 3, NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *ours, *theirs;
        size_t our_length, their_length;
        assert_ok(
            npy_write(scratch("a.npy"), rows[i].dtype, rows[i].item_size, rows[i].shape, rows[i].n_dims, rows[i].data));
        assert_ok(file_read_all(scratch("a.npy"), 4096, GW_ERR_IO, &ours, &our_length));
        assert_ok(file_read_all(rows[i].golden, 4096, GW_ERR_IO, &theirs, &their_length));
        size_t header = our_length - rows[i].n_bytes;
        assert_int_equal(header % 64, 0);
        assert_int_equal((unsigned char)ours[8] + 256 * (unsigned char)ours[9], header - 10);
        assert_memory_equal(ours, theirs, 8);
        size_t dict = strcspn(theirs + 10, "}") + 1;
        assert_memory_equal(ours + 10, theirs + 10, dict);
        assert_int_equal(strspn(ours + 10 + dict, " "), header - 10 - dict - 1);
        assert_int_equal(ours[header - 1], '\n');
        assert_memory_equal(ours + header, theirs + their_length - rows[i].n_bytes, rows[i].n_bytes);
        mem_free(ours);
        mem_free(theirs);
        size_t shape[3] = {7, 7, 7};
        void *read;
        assert_ok(npy_read(rows[i].golden, rows[i].dtype, rows[i].item_size, shape, rows[i].n_dims, &read));
        for (size_t d = 0; d < rows[i].n_dims; d++) assert_int_equal(shape[d], rows[i].shape[d]);
        assert_memory_equal(read, rows[i].data ? rows[i].data : read, rows[i].n_bytes);
        mem_free(read);
    }
}

static void arrays_are_checked(void **state) {
    (void)state;
    size_t shape[33] = {2, 3};
    float data[6] = {0};
    static const char *const bad[] = {"<f8", "f4", "<x4", "<f", "<f4x", ">f4", "'<f4"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_fails(npy_write(scratch("b.npy"), bad[i], 4, shape, 2, data), GW_ERR_INTERNAL, "does not describe");
    assert_fails(npy_write(scratch("b.npy"), "<f4", 4, shape, 33, data), GW_ERR_INTERNAL, "33 dimensions");
    shape[0] = SIZE_MAX;
    assert_fails(npy_write(scratch("b.npy"), "<f4", 4, shape, 2, data), GW_ERR_INTERNAL, "overflows");
    assert_false(file_exists(scratch("b.npy")));
    assert_fails(npy_write(scratch("none/b.npy"), "<f4", 4, shape, 0, data), GW_ERR_IO, "none/b.npy");
}

/* A file of one header and 24 bytes. */
static void write_array(const char *dict, size_t dict_length) {
    char bytes[10 + 128 + 24] = "\x93NUMPY\x01";
    bytes[8] = (char)dict_length;
    bytes[9] = (char)(dict_length >> 8);
    memset(bytes + 10, ' ', 128);
    memcpy(bytes + 10, dict, strlen(dict));
    scratch_write("c.npy", bytes, sizeof bytes);
}

static void foreign_arrays_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *dict;
        size_t length;
        const char *says;
    } rows[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 128, "expected a row-major array of '<f4'"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 128, "expected a row-major array"},
        {"{'descr': '<f4', 'fortran_order': False}", 128, "gives no shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", 128, "of 2 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }", 128, "of 2 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3), }", 128, "of 2 dimensions"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", 128, "describes 32 bytes, 24 follow"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 128, "shape overflows"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 153, "cut short in the header"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 65535, "cut short in the header"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3", 65, "of 2 dimensions"},
    };
    size_t shape[2];
    void *data;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        write_array(rows[i].dict, rows[i].length);
        assert_fails(npy_read(scratch("c.npy"), "<f4", 4, shape, 2, &data), GW_ERR_DATA, rows[i].says);
        assert_null(data);
    }
    write_array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 128);
    assert_ok(npy_read(scratch("c.npy"), "<f4", 4, shape, 2, &data));
    mem_free(data);
    assert_fails(npy_read(scratch("c.npy"), "<f4", 8, shape, 2, &data), GW_ERR_INTERNAL, "does not describe");
    scratch_write("c.npy", "not an array at all", 19);
    assert_fails(npy_read(scratch("c.npy"), "<f4", 4, shape, 2, &data), GW_ERR_DATA, "not a version 1.0");
    scratch_write("c.npy", "", 0);
    assert_fails(npy_read(scratch("c.npy"), "<f4", 4, shape, 2, &data), GW_ERR_DATA, "not a version 1.0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_columns),      cmocka_unit_test(reads_one_column_and_no_rows),
        cmocka_unit_test(refuses_damage),     cmocka_unit_test(streams_row_by_row),
        cmocka_unit_test(numbers_are_strict), cmocka_unit_test(arrays_are_numpys),
        cmocka_unit_test(arrays_are_checked), cmocka_unit_test(foreign_arrays_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
