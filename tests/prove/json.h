/*@ logic integer left{L}(ffnn__json *j) = j->end - j->at;
    logic integer last{L}(ffnn__json *j) = j->failed ? -1 : left(j);
    logic integer utf8_size(integer c) = 0 < c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    predicate readable{L}(ffnn__json *j) = \valid(j) && \base_addr(j->at) == \base_addr(j->end) &&
        0 <= left(j) <= 100000000 && \valid_read(j->at + (0 .. left(j) - 1));
    predicate sound{L}(ffnn__json *j) = readable(j) && (j->failed ==> j->at == j->end);
    predicate onward{L}(ffnn__json *j, unsigned char *p) =
        \base_addr(p) == \base_addr(j->at) && p <= j->at;
    predicate room{L}(ffnn__json *j, char *t) = \valid(t + (0 .. left(j)));
    predicate is_text{L}(char *s) = \exists integer n; 0 <= n <= 100000000 && s[n] == 0 &&
        \valid_read(s + (0 .. n));
    predicate has_string{L}(ffnn__json *j) = j->string == j->text &&
        0 <= j->length <= 100000000 && \valid(j->text + (0 .. j->length)) &&
        j->string[j->length] == 0;
    predicate kept{L}(ffnn__json *j) = has_string(j) && room(j, j->text + j->length + 1);
    axiomatic Text {
        logic integer text_end{L}(char *s) reads s[0 ..];
        axiom the_first_zero{L}: \forall char *s, integer n; 0 <= n && s[n] == 0 ==>
            0 <= text_end(s) <= n && s[text_end(s)] == 0;
        axiom none_before{L}: \forall char *s, integer n; 0 <= n < text_end(s) ==> s[n] != 0;
    }
*/
