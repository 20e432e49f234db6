/* A guest of one sector: it counts seconds on its serial console, and can
   write to memory at a set rate.  The long at offset 0x1b0 is the number of
   pages, from 1 MiB upwards, that it writes to every second; the one before
   it, how many it writes to once, at its start. */
.intel_syntax noprefix
.code16
.globl _start
_start:
    cli
    xor     ax, ax
    mov     ds, ax
    mov     ss, ax
    mov     sp, 0x7c00
    in      al, 0x92            /* the second MiB must not mirror the first */
    or      al, 2
    out     0x92, al
    /* A segment of 4 GiB, which real mode keeps until FS is loaded again. */
    lgdt    [descriptors]
    mov     eax, cr0
    or      al, 1
    mov     cr0, eax
    mov     bx, 8
    mov     fs, bx
    and     al, 0xfe
    mov     cr0, eax
    xor     ebx, ebx            /* the count */
    mov     ecx, [filled]
    call    write
    mov     ebp, [0x46c]        /* the BIOS's clock: 18.2 ticks a second */
    sti
wait:
    hlt
    mov     eax, [0x46c]
    sub     eax, ebp
    cmp     eax, 18
    jb      wait
    mov     ebp, [0x46c]
    inc     ebx
    mov     si, offset text
1:  lodsb
    test    al, al
    jz      2f
    call    put
    jmp     1b
2:  mov     cx, 8
3:  rol     ebx, 4
    mov     al, bl
    and     al, 15
    add     al, '0'
    cmp     al, '9'
    jbe     4f
    add     al, 'a' - '9' - 1
4:  call    put
    loop    3b
    mov     al, 13
    call    put
    mov     al, 10
    call    put
    mov     ecx, [pages]
    call    write
    jmp     wait
write:
    mov     edi, 0x100000
5:  jecxz   6f
    mov     fs:[edi], ebx       /* no page is ever like another, or zero */
    mov     fs:[edi + 8], edi
    add     edi, 0x1000
    dec     ecx
    jmp     5b
6:  ret
put:
    mov     dx, 0x3f8
    out     dx, al
    ret
text:
    .asciz  "count "
.balign 4
table:
    .quad   0
    .quad   0x00cf92000000ffff
descriptors:
    .word   . - table - 1
    .long   table
.org 0x1ac
filled:
    .long   0
pages:
    .long   0
.org 0x1fe
    .word   0xaa55
